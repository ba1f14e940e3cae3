import { Duration } from "aws-cdk-lib";
import { Construct } from "constructs";
import { ENV } from "../lambdas/core/base/environment.ts";
import { deadLetterQueue, MAX_RECEIVES, SealedQueue } from "./sealed-queue.ts";
import type { TrailcastFunction } from "./trailcast-function.ts";

/** Deliver's own time-out. Six times that is the least visibility that AWS recommends for a function's queue. */
export const DELIVER_TIMEOUT_SECONDS = 30;

// Long enough for MAX_RECEIVES failures of one visibility each. Not longer: rings carry no truth and the sweep rings
// again, and FIFO looks for free groups among the first 120,000 messages only, so an outage of ours must not pile them up.
const WAKE_UP_RETENTION_HOURS = 4;

/** The doorbells of lanes: one queue for all, one for those whose receivers answer slowly. Group = lane. */
export class WakeUps extends Construct {
  readonly queue: SealedQueue;
  readonly slowQueue: SealedQueue;
  readonly dead: SealedQueue;
  readonly slowDead: SealedQueue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    // One dead-letter queue a source: a redrive by SQS's own message move goes back to where a message came from.
    this.dead = deadLetterQueue(this, "Dead", true);
    this.slowDead = deadLetterQueue(this, "SlowDead", true);
    this.queue = this.wakeUpQueue("Queue", this.dead);
    this.slowQueue = this.wakeUpQueue("SlowQueue", this.slowDead);
  }

  /** Ring lanes. */
  grantWakeUp(fn: TrailcastFunction): void {
    fn.allow(["sqs:SendMessage"], [this.queue.queueArn, this.slowQueue.queueArn]);
    fn.equip({
      [ENV.wakeUpQueueUrl]: this.queue.queueUrl,
      [ENV.slowWakeUpQueueUrl]: this.slowQueue.queueUrl,
    });
  }

  /** Answer rings: take them, put them off, acknowledge them. */
  grantAnswer(fn: TrailcastFunction): void {
    fn.allow(
      ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"],
      [this.queue.queueArn, this.slowQueue.queueArn],
    );
  }

  private wakeUpQueue(id: string, dead: SealedQueue): SealedQueue {
    return new SealedQueue(this, id, {
      fifo: true,
      visibilityTimeout: Duration.seconds(6 * DELIVER_TIMEOUT_SECONDS),
      retentionPeriod: Duration.hours(WAKE_UP_RETENTION_HOURS),
      deadLetterQueue: { queue: dead, maxReceiveCount: MAX_RECEIVES },
    });
  }
}
