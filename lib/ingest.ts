import { Construct } from "constructs";
import type { Deployment } from "./deployment.ts";
import type { EventLog } from "./event-log.ts";
import { equipEvents, equipPlans } from "./equipment.ts";
import type { Registry } from "./registry.ts";
import { TrailcastFunction } from "./trailcast-function.ts";

/** Answers `POST …/events`: parses the request once and records it as one entry. */
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
      // Enough to compress 1 MiB and write one item; API Gateway times out at 30 s in any case.
      timeoutSeconds: 15,
      memoryMegabytes: 1024,
    });
    parts.eventLog.grantRecord(this.fn);
    parts.registry.grantRead(this.fn);
    equipEvents(this.fn, deployment);
    equipPlans(this.fn, deployment);
  }
}
