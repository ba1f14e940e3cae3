import { ChangeMessageVisibilityCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { RingQueueUrls } from "./ring-queue.ts";

/** A ring that was received. */
export interface ReceivedRing {
  receiptHandle: string;
  isSlow: boolean;
}

/** Lets a ring that was received come back after a while. */
export interface RingHold {
  hold(ring: ReceivedRing, seconds: number): Promise<void>;
}

export function createRingHold(urls: RingQueueUrls, client: SQSClient): RingHold {
  return {
    async hold({ receiptHandle, isSlow }, seconds) {
      await client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: isSlow ? urls.slow : urls.quick,
          ReceiptHandle: receiptHandle,
          VisibilityTimeout: seconds,
        }),
      );
    },
  };
}
