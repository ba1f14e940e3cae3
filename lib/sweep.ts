import { Duration } from "aws-cdk-lib";
import { Construct } from "constructs";
import { Clockwork } from "./clockwork.ts";
import type { Deployment } from "./deployment.ts";
import { equipPlans } from "./equipment.ts";
import type { EventLog } from "./event-log.ts";
import type { Registry } from "./registry.ts";
import type { WakeUps } from "./wake-ups.ts";
import { TrailcastFunction } from "./trailcast-function.ts";

/** The next sweep for due lanes follows after a minute. This is also the smallest value that Lambda accepts. */
const SWEEP_IS_STALE_SECONDS = 60;

/** Sends wake-ups to lanes that are due each minute, and to lanes that are behind each quarter of an hour. */
export class Sweep extends Construct {
  readonly fn: TrailcastFunction;

  constructor(
    scope: Construct,
    id: string,
    deployment: Deployment,
    parts: { eventLog: EventLog; registry: Registry; wakeUps: WakeUps },
  ) {
    super(scope, id);
    this.fn = new TrailcastFunction(this, "Function", deployment, {
      entry: "sweep-lanes",
      description: "Wakes lanes that are due or behind",
      // It reads the newest page of each workspace: 10,000 pages at a few hundred a second.
      timeoutSeconds: 300,
      memoryMegabytes: 512,
    });
    // The next scheduled sweep reads the same rows soon. Retries would only accumulate sweeps after a fault or an
    // outage.
    this.fn.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.seconds(SWEEP_IS_STALE_SECONDS) });
    parts.registry.grantSweep(this.fn);
    parts.registry.grantRead(this.fn);
    equipPlans(this.fn, deployment);
    parts.eventLog.grantReadJournal(this.fn);
    parts.eventLog.grantCountQuarantine(this.fn);
    parts.wakeUps.grantWakeUp(this.fn);
    new Clockwork(this, "Due", {
      expression: "rate(1 minute)",
      fn: this.fn,
      input: { scope: "due" },
      description: "Lanes whose next attempt has come",
    });
    new Clockwork(this, "Behind", {
      expression: "rate(15 minutes)",
      fn: this.fn,
      input: { scope: "behind" },
      description: "Lanes with events to deliver, whatever became of their wake-ups",
    });
  }
}
