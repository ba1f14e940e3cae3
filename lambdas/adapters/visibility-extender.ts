import { ChangeMessageVisibilityCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { WakeUpQueueUrls } from "./wake-up-queue.ts";

/** A wake-up message that was received. */
export interface ReceivedWakeUp {
  receiptHandle: string;
  isSlow: boolean;
}

/** Postpones a received wake-up: the queue delivers it again after the given time. */
export interface VisibilityExtender {
  extend(wakeUp: ReceivedWakeUp, seconds: number): Promise<void>;
}

export function createVisibilityExtender(urls: WakeUpQueueUrls, client: SQSClient): VisibilityExtender {
  return {
    async extend({ receiptHandle, isSlow }, seconds) {
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
