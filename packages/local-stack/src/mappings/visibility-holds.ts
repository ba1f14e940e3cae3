import type { AwsCall, SqsService } from "../aws/services.ts";

/** Keeps messages invisible while a function processes them, even if the stack's clock is faster than real time. */
export interface VisibilityHolds {
  /** Called with every call to SQS. If a function sets a visibility itself, that is not changed any more. */
  observe(call: AwsCall): void;
  /** The visibility with which to receive a queue's messages; undefined for the queue's own. */
  visibilitySeconds(queueArn: string): number | undefined;
  received(receiptHandle: string): void;
  ended(queueArn: string, receiptHandle: string, failed: boolean): void;
}

/** Less than the 12 hours that SQS allows, because the time since the message was received counts too. */
const LONGEST_SECONDS = 42_000;

/**
 * At `scale` 1 this does nothing. On a faster clock a function still takes real time, so the visibility is multiplied
 * by `scale`, and reset to the queue's own if the function fails without setting it. The longer visibility is already
 * used for receiving, so that after a crash the message counts as one in flight, not as one whose consumer has set its
 * visibility.
 */
export function createVisibilityHolds(
  queue: Pick<SqsService, "changeVisibility">,
  scale: number,
  visibilitySeconds: (queueArn: string) => number,
): VisibilityHolds {
  const held = new Set<string>();
  const observe = (call: AwsCall): void => {
    if (held.size === 0 || !call.action.startsWith("ChangeMessageVisibility")) return;
    const entries: unknown[] = Array.isArray(call.input["Entries"]) ? call.input["Entries"] : [call.input];
    for (const entry of entries) {
      if (typeof entry !== "object" || entry === null || !("ReceiptHandle" in entry)) continue;
      if (typeof entry.ReceiptHandle === "string") held.delete(entry.ReceiptHandle);
    }
  };
  return {
    observe,
    visibilitySeconds: (queueArn) =>
      scale <= 1 ? undefined : Math.min(LONGEST_SECONDS, Math.ceil(visibilitySeconds(queueArn) * scale)),
    received: (receiptHandle) => {
      if (scale > 1) held.add(receiptHandle);
    },
    ended: (queueArn, receiptHandle, failed) => {
      const isOurs = held.delete(receiptHandle);
      if (failed && isOurs) queue.changeVisibility(queueArn, receiptHandle, visibilitySeconds(queueArn));
    },
  };
}
