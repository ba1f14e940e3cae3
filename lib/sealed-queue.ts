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

/** A queue that is encrypted, refuses anything but TLS, and as FIFO has the throughput of one group by the group. */
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

/** How often a message may fail by our own fault before it is set aside. */
export const MAX_RECEIVES = 10;

/** The longest that SQS keeps a message: time to find out why it is here. */
export const DEAD_LETTER_DAYS = 14;

/** A dead-letter queue, of its source's type as SQS demands. */
export function deadLetterQueue(scope: Construct, id: string, fifo: boolean): SealedQueue {
  return new SealedQueue(scope, id, {
    ...(fifo && { fifo }),
    retentionPeriod: Duration.days(DEAD_LETTER_DAYS),
  });
}
