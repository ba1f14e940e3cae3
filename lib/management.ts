import { Construct } from "constructs";
import { ENV } from "../lambdas/core/base/environment.ts";
import type { Delivery } from "./delivery.ts";
import type { Deployment } from "./deployment.ts";
import type { DestinationSecrets } from "./destination-secrets.ts";
import { equipEvents, equipPlans, equipRetention } from "./equipment.ts";
import type { EventLog } from "./event-log.ts";
import type { Registry } from "./registry.ts";
import type { Retention } from "./retention.ts";
import type { WakeUps } from "./wake-ups.ts";
import { TrailcastFunction } from "./trailcast-function.ts";

interface ManagementParts {
  readonly eventLog: EventLog;
  readonly registry: Registry;
  readonly wakeUps: WakeUps;
  readonly secrets: DestinationSecrets;
  readonly delivery: Delivery;
  readonly retention: Retention;
}

/**
 * Everything that owners and operators manage: entitlements, destinations, replays and the delivery log; also the pages
 * that need no token.
 */
export class Management extends Construct {
  readonly fn: TrailcastFunction;
  readonly open: TrailcastFunction;

  constructor(scope: Construct, id: string, deployment: Deployment, parts: ManagementParts) {
    super(scope, id);
    this.fn = new TrailcastFunction(this, "Function", deployment, {
      entry: "manage/manage-workspaces",
      description: "Manages entitlements, destinations, replays and deliveries",
      // API Gateway times out at 29 s. A test event takes up to the 10 s of a delivery and its DNS look-up.
      timeoutSeconds: 29,
      memoryMegabytes: 1024,
    });
    parts.registry.grantManage(this.fn);
    parts.registry.grantManageDeliveries(this.fn);
    parts.eventLog.grantReadJournal(this.fn);
    parts.eventLog.grantReadEntries(this.fn);
    parts.eventLog.grantRecord(this.fn);
    parts.secrets.grantManage(this.fn);
    parts.wakeUps.grantWakeUp(this.fn);
    parts.delivery.grantTest(this.fn);
    parts.retention.grantUrgentTask(this.fn);
    this.equip(deployment);
    this.open = new TrailcastFunction(this, "Open", deployment, {
      entry: "serve-public",
      description: "Answers health, the API's description, types of problems and the console's page",
      timeoutSeconds: 10,
      memoryMegabytes: 256,
    });
    this.open.equip({ [ENV.version]: deployment.version });
  }

  private equip(deployment: Deployment): void {
    const { settings } = deployment;
    equipEvents(this.fn, deployment);
    equipPlans(this.fn, deployment);
    equipRetention(this.fn, deployment);
    this.fn.equip({
      [ENV.deliveryLogDays]: String(settings.delivery.logDays),
      ...(settings.upgradeUrl !== undefined && { [ENV.upgradeUrl]: settings.upgradeUrl }),
    });
  }
}
