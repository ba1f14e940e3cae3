import { Duration } from "aws-cdk-lib";
import { Construct } from "constructs";
import { ENV } from "../lambdas/core/base/environment.ts";
import { deadLetterQueue, MAX_RECEIVES, SealedQueue } from "./sealed-queue.ts";
import type { TrailcastFunction } from "./trailcast-function.ts";

/**
 * The time-out of the delivery function. AWS recommends a visibility of at least six times that for a function's queue.
 */
export const DELIVER_TIMEOUT_SECONDS = 30;

// Long enough for MAX_RECEIVES failures, each followed by the visibility time-out. A longer retention would do harm:
// wake-ups carry no data and the sweep sends them again, and a FIFO queue looks for available groups among its first
// 120,000 messages only, so an outage must not accumulate them.
const WAKE_UP_RETENTION_HOURS = 4;

/**
 * The wake-up messages of lanes: one queue for all lanes and one for those whose receivers answer slowly. The message
 * group is the lane.
 */
export class WakeUps extends Construct {
  readonly queue: SealedQueue;
  readonly slowQueue: SealedQueue;
  readonly dead: SealedQueue;
  readonly slowDead: SealedQueue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    // One dead-letter queue for each source, because the message move of SQS returns messages to the queue that they
    // came from.
    this.dead = deadLetterQueue(this, "Dead", true);
    this.slowDead = deadLetterQueue(this, "SlowDead", true);
    this.queue = this.wakeUpQueue("Queue", this.dead);
    this.slowQueue = this.wakeUpQueue("SlowQueue", this.slowDead);
  }

  /** Allows sending wake-ups. */
  grantWakeUp(fn: TrailcastFunction): void {
    fn.allow(["sqs:SendMessage"], [this.queue.queueArn, this.slowQueue.queueArn]);
    fn.equip({
      [ENV.wakeUpQueueUrl]: this.queue.queueUrl,
      [ENV.slowWakeUpQueueUrl]: this.slowQueue.queueUrl,
    });
  }

  /** Allows receiving, postponing and deleting wake-ups. */
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
