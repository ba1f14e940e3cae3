import { Duration } from "aws-cdk-lib";
import { EventSourceMapping, FilterCriteria, FilterRule, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { SqsDlq } from "aws-cdk-lib/aws-lambda-event-sources";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";
import type { Deployment } from "./deployment.ts";
import { equipPlans, equipRetention } from "./equipment.ts";
import type { EventLog } from "./event-log.ts";
import type { Registry } from "./registry.ts";
import type { WakeUps } from "./wake-ups.ts";
import { deadLetterQueue, type SealedQueue } from "./sealed-queue.ts";
import { TrailcastFunction } from "./trailcast-function.ts";

interface FanOutParts {
  readonly eventLog: EventLog;
  readonly registry: Registry;
  readonly wakeUps: WakeUps;
}

// A record is given up only when our own fault lasts: what cannot be processed is in quarantine before the checkpoint,
// and every other failure is retried without bound, since a record dropped early is a gap. The stream itself forgets
// after 24 h, silently; at 20 h the mapping says instead which records it gave up, and 4 h are left to read them there.
const MAX_RECORD_AGE_HOURS = 20;

/** From the stream of entries to the journal: appends pages and rings the lanes; and the redrive of quarantine. */
export class FanOut extends Construct {
  readonly fn: TrailcastFunction;
  readonly redrive: TrailcastFunction;
  /** Says which records of the stream were given up, after 20 hours of failure. */
  readonly givenUp: SealedQueue;

  constructor(scope: Construct, id: string, deployment: Deployment, parts: FanOutParts) {
    super(scope, id);
    this.fn = this.appender("Function", deployment, parts, {
      entry: "fan-out-entries",
      description: "Appends recorded entries to the journals of their workspaces and wakes the lanes",
    });
    parts.eventLog.grantQuarantine(this.fn);
    this.givenUp = deadLetterQueue(this, "GivenUp", false);
    acknowledge(this.givenUp, "SQS3", "It is itself where the stream's mapping puts what failed");
    this.mapStream(deployment, parts.eventLog);
    this.redrive = this.appender("Redrive", deployment, parts, {
      entry: "redrive-quarantine",
      description: "Journals what is in quarantine, or closes its row if it has expired",
    });
    parts.eventLog.grantRedrive(this.redrive);
    // What has waited is given the retention of now before it is journalled.
    parts.eventLog.grantExtend(this.redrive);
    parts.registry.grantRead(this.redrive);
    equipPlans(this.redrive, deployment);
    equipRetention(this.redrive, deployment);
  }

  private appender(
    id: string,
    deployment: Deployment,
    parts: FanOutParts,
    what: { entry: "fan-out-entries" | "redrive-quarantine"; description: string },
  ): TrailcastFunction {
    const fn = new TrailcastFunction(this, id, deployment, {
      ...what,
      timeoutSeconds: 60,
      memoryMegabytes: 1024,
    });
    parts.eventLog.grantAppend(fn);
    // An old record whose page a purge may have removed is looked up in the entries, lest it be journalled twice.
    parts.eventLog.grantReadEntries(fn);
    parts.registry.grantFindLanes(fn);
    parts.wakeUps.grantWakeUp(fn);
    return fn;
  }

  private mapStream(deployment: Deployment, eventLog: EventLog): void {
    const streamArn = eventLog.events.tableStreamArn;
    if (streamArn === undefined) throw new Error("the Events table has no stream");
    const mapping = new EventSourceMapping(this, "Stream", {
      target: this.fn,
      eventSourceArn: streamArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      // Removals by TTL and by the purge are dropped before an invocation is billed.
      filters: [FilterCriteria.filter({ eventName: FilterRule.isEqual("INSERT") })],
      // Above 1 order holds for one item only, and an entry is an item of its own.
      parallelizationFactor: 1,
      batchSize: 1000,
      maxBatchingWindow: Duration.seconds(deployment.settings.fanOut.windowSeconds),
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      maxRecordAge: Duration.hours(MAX_RECORD_AGE_HOURS),
      onFailure: new SqsDlq(this.givenUp),
    });
    this.fn.allow(
      ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
      [streamArn],
    );
    this.fn.allowWide(
      ["dynamodb:ListStreams"],
      "*",
      "Lambda's stream poller needs ListStreams, which knows no resource but *",
    );
    mapping.node.addDependency(this.fn.executionRole);
  }
}
