import type { AwsCall, SqsService } from "../aws/services.ts";

/** Keeps messages invisible while a function works on them, although the clock runs faster than the function. */
export interface VisibilityHolds {
  /** Looks at every call to SQS: a function that sets a visibility itself means it. */
  observe(call: AwsCall): void;
  /** The visibility to receive a queue's messages with; the queue's own when undefined. */
  visibilitySeconds(queueArn: string): number | undefined;
  received(receiptHandle: string): void;
  ended(queueArn: string, receiptHandle: string, failed: boolean): void;
}

/** SQS refuses more than 12 hours in all; a little less leaves room for the time since the receive. */
const LONGEST_SECONDS = 42_000;

/**
 * At `scale` 1 it does nothing. Above, a function still takes real time, so a visibility that is to outlast it is
 * stretched by `scale`, and shortened again when the function failed and left the message to its visibility. It is
 * stretched at the receive, so that after a crash the message counts as held by the dead, and not as put off by its consumer.
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
