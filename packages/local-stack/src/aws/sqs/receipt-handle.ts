import type { StoredMessage } from "./message-store.ts";
import { sqsError } from "./sqs-error.ts";

/** What a receipt handle identifies: one receive of one message. */
export interface Receipt {
  queue: number;
  position: number;
  receipt: string;
}

const FORM = /^(\d+):(\d+):([0-9a-f-]{36})$/;

export function receiptHandleOf(message: StoredMessage): string {
  const text = `${message.queue}:${message.position}:${message.receipt ?? ""}`;
  return Buffer.from(text).toString("base64");
}

/** Throws `ReceiptHandleIsInvalid` if the handle is malformed or belongs to another queue. */
export function readReceiptHandle(handle: string, queue: number): Receipt {
  const match = FORM.exec(Buffer.from(handle, "base64").toString("latin1"));
  if (match === null || Number(match[1]) !== queue) {
    throw sqsError(
      "ReceiptHandleIsInvalid",
      `The input receipt handle "${handle}" is not a valid receipt handle.`,
    );
  }
  return { queue, position: Number(match[2]), receipt: match[3] ?? "" };
}
