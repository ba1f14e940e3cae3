import { Construct } from "constructs";
import type { Deployment } from "./deployment.ts";
import type { EventLog } from "./event-log.ts";
import { equipEvents, equipPlans } from "./equipment.ts";
import type { Registry } from "./registry.ts";
import { TrailcastFunction } from "./trailcast-function.ts";

/** `POST …/events`: parses once and records one entry. */
export class Ingest extends Construct {
  readonly fn: TrailcastFunction;

  constructor(
    scope: Construct,
    id: string,
    deployment: Deployment,
    parts: { eventLog: EventLog; registry: Registry },
  ) {
    super(scope, id);
    this.fn = new TrailcastFunction(this, "Function", deployment, {
      entry: "ingest-entry",
      description: "Records the events of one POST as one entry",
      // Compressing 1 MiB and one put; API Gateway gives up at 30 s whatever we do.
      timeoutSeconds: 15,
      memoryMegabytes: 1024,
    });
    parts.eventLog.grantRecord(this.fn);
    parts.registry.grantRead(this.fn);
    equipEvents(this.fn, deployment);
    equipPlans(this.fn, deployment);
  }
}
