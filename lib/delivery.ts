import { EventSourceMapping } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { ENV } from "../lambdas/core/base/environment.ts";
import type { Deployment } from "./deployment.ts";
import type { DestinationSecrets } from "./destination-secrets.ts";
import { EgressNetwork } from "./egress-network.ts";
import { equipEvents, equipPlans } from "./equipment.ts";
import type { EventLog } from "./event-log.ts";
import type { OwnerBus } from "./owner-bus.ts";
import type { Registry } from "./registry.ts";
import { DELIVER_TIMEOUT_SECONDS, type WakeUps } from "./wake-ups.ts";
import type { SealedQueue } from "./sealed-queue.ts";
import { TrailcastFunction } from "./trailcast-function.ts";

interface DeliveryParts {
  readonly eventLog: EventLog;
  readonly registry: Registry;
  readonly wakeUps: WakeUps;
  readonly secrets: DestinationSecrets;
  readonly ownerBus: OwnerBus;
}

/** Processes wake-ups: delivers a lane's events to its destination by signed POSTs. */
export class Delivery extends Construct {
  readonly fn: TrailcastFunction;
  /** The fixed IP addresses that deliveries come from, if there are any. */
  readonly egressAddresses: readonly string[];

  constructor(scope: Construct, id: string, deployment: Deployment, parts: DeliveryParts) {
    super(scope, id);
    const { settings } = deployment;
    const network =
      settings.egress.fixedAddresses > 0 ? new EgressNetwork(this, "Network", deployment) : undefined;
    this.fn = new TrailcastFunction(this, "Function", deployment, {
      entry: "deliver-lane",
      description: "Delivers the next events of a lane to its destination",
      timeoutSeconds: DELIVER_TIMEOUT_SECONDS,
      // A run that reaches its limit sends a wake-up for its own lane.
      callsItself: true,
      // The function mostly waits, and the duration is billed by memory size.
      memoryMegabytes: 512,
      ...(network !== undefined && { network: network.placement }),
    });
    this.egressAddresses = network?.addresses.map((address) => address.attrPublicIp) ?? [];
    if (network !== undefined) this.allowNetworkInterfaces();
    this.grantAll(deployment, parts);
    this.answer("WakeUps", parts.wakeUps.queue, settings.delivery.concurrency);
    this.answer("SlowWakeUps", parts.wakeUps.slowQueue, settings.delivery.slowConcurrency);
  }

  /** Lets a function invoke the delivery of a test event. */
  grantTest(fn: TrailcastFunction): void {
    fn.allow(["lambda:InvokeFunction"], [this.fn.functionArn]);
    fn.equip({ [ENV.deliverFunction]: this.fn.functionName });
  }

  private grantAll(deployment: Deployment, parts: DeliveryParts): void {
    const { settings } = deployment;
    parts.eventLog.grantReadJournal(this.fn);
    parts.eventLog.grantReadEntries(this.fn);
    // The function records notices itself: failing, recovered, suspended, resumed.
    parts.eventLog.grantRecord(this.fn);
    parts.registry.grantMoveLanes(this.fn);
    parts.registry.grantLogDeliveries(this.fn);
    parts.wakeUps.grantAnswer(this.fn);
    parts.wakeUps.grantWakeUp(this.fn);
    parts.secrets.grantRead(this.fn);
    parts.ownerBus.grantTell(this.fn);
    equipEvents(this.fn, deployment);
    equipPlans(this.fn, deployment);
    this.fn.equip({
      [ENV.retry]: JSON.stringify(settings.retry),
      [ENV.deliveryLogDays]: String(settings.delivery.logDays),
      [ENV.version]: deployment.version,
    });
  }

  private answer(id: string, queue: SealedQueue, concurrency: number): void {
    const mapping = new EventSourceMapping(this, id, {
      target: this.fn,
      eventSourceArn: queue.queueArn,
      // A larger batch mixes message groups, and one slow receiver would hold up the others in it.
      batchSize: 1,
      // Used instead of reserved concurrency, with which throttled pollers would count receives that were never
      // processed.
      maxConcurrency: concurrency,
      reportBatchItemFailures: true,
    });
    mapping.node.addDependency(this.fn.executionRole);
  }

  private allowNetworkInterfaces(): void {
    this.fn.allowWide(
      [
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
      ],
      "*",
      "Lambda makes the function's network interfaces by its role, before any resource has a name",
    );
  }
}
