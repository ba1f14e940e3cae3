import { Duration } from "aws-cdk-lib";
import {
  DeduplicationScope,
  FifoThroughputLimit,
  Queue,
  QueueEncryption,
  type QueueProps,
} from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";

type SealedQueueProps = Pick<
  QueueProps,
  "fifo" | "retentionPeriod" | "visibilityTimeout" | "deadLetterQueue"
>;

/**
 * A queue that is encrypted and accepts only TLS. As a FIFO queue it has its throughput limit and deduplication per
 * message group.
 */
export class SealedQueue extends Queue {
  constructor(scope: Construct, id: string, props: SealedQueueProps) {
    super(scope, id, {
      ...props,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      ...(props.fifo === true && {
        fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
        deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
      }),
    });
  }
}

/** How often a message may fail before it moves to the dead-letter queue. */
export const MAX_RECEIVES = 10;

/** The longest retention of SQS, which leaves time to find the cause. */
export const DEAD_LETTER_DAYS = 14;

/** A dead-letter queue of the same type as its source, as SQS requires. */
export function deadLetterQueue(scope: Construct, id: string, fifo: boolean): SealedQueue {
  return new SealedQueue(scope, id, {
    ...(fifo && { fifo }),
    retentionPeriod: Duration.days(DEAD_LETTER_DAYS),
  });
}
