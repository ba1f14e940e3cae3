import type { MessageQueue } from "./message-queue.ts";
import type { StoredMessage } from "./message-store.ts";
import type { Queue } from "./queue-store.ts";
import { readReceiptHandle, type Receipt } from "./receipt-handle.ts";
import { invalidValue, sqsError } from "./sqs-error.ts";

/** API reference: a message's visibility ends 12 hours after it was received, however often it is changed. */
const MAX_VISIBILITY_SECONDS = 43_200;

function find({ messages }: MessageQueue, receipt: Receipt): StoredMessage | undefined {
  const message = messages.at(receipt.position);
  return message?.queue === receipt.queue ? message : undefined;
}

/**
 * Deletes the message of a receipt handle. A message that was already deleted is accepted; an expired handle of a FIFO
 * queue is refused.
 */
export function deleteInFlight(messages: MessageQueue, queue: Queue, handle: string): void {
  const receipt = readReceiptHandle(handle, queue.id);
  const message = find(messages, receipt);
  if (message === undefined) return;
  const current = message.receipt === receipt.receipt;
  if (queue.settings.fifo && (!current || message.visibleAt <= messages.clock())) {
    throw invalidValue("ReceiptHandle", handle, "The receipt handle has expired.");
  }
  if (!current) return;
  messages.transaction(() => {
    messages.messages.delete(message.position);
    messages.refresh(queue.id, message.group);
  });
}

/** Hides a message in flight for `seconds` from now. Refused beyond 12 hours after it was received. */
export function changeVisibility(
  messages: MessageQueue,
  queue: Queue,
  handle: string,
  seconds: number,
): void {
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > MAX_VISIBILITY_SECONDS) {
    throw invalidValue(
      "VisibilityTimeout",
      seconds,
      `Must be between 0 and ${MAX_VISIBILITY_SECONDS}, if provided.`,
    );
  }
  const receipt = readReceiptHandle(handle, queue.id);
  const now = messages.clock();
  const message = find(messages, receipt);
  if (message?.receipt !== receipt.receipt || message.visibleAt <= now) {
    throw sqsError(
      "MessageNotInflight",
      `Value ${handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
    );
  }
  const elapsed = Math.floor((now - (message.receivedAt ?? now)) / 1000);
  if (elapsed + seconds > MAX_VISIBILITY_SECONDS) {
    throw invalidValue(
      "VisibilityTimeout",
      seconds,
      `Total VisibilityTimeout for the message is beyond the limit [${MAX_VISIBILITY_SECONDS} seconds]`,
    );
  }
  messages.transaction(() => {
    messages.messages.setVisibleAt(message.position, now + seconds * 1000);
    messages.refresh(queue.id, message.group);
  });
}
