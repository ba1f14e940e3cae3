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

// A record is given up only after our own fault has lasted for this long. What cannot be processed is put into
// quarantine before the checkpoint, and all other failures are retried without limit, since a dropped record would be a
// gap. The stream itself silently forgets records after 24 h. At 20 h the mapping reports the records that it gave up,
// which leaves 4 h to read them from the stream.
const MAX_RECORD_AGE_HOURS = 20;

/**
 * Appends recorded entries from the stream to the journal and sends wake-ups to the lanes. Also contains the redrive of
 * quarantine.
 */
export class FanOut extends Construct {
  readonly fn: TrailcastFunction;
  readonly redrive: TrailcastFunction;
  /** Receives a message for each batch of stream records that was given up after 20 hours of failures. */
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
    // An entry that waited in quarantine gets the retention that is in force now before it is journalled.
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
    // An old record whose page may have been purged is looked up in the entries, so that it is not journalled twice.
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
      // Filters out removals by TTL and purge before an invocation is billed.
      filters: [FilterCriteria.filter({ eventName: FilterRule.isEqual("INSERT") })],
      // With more, Lambda preserves order only within an item, and each entry is an item of its own.
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
