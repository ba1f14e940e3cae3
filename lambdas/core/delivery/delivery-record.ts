import * as z from "zod/mini";
import { recordedSchema } from "../journal/recorded-window.ts";
import { positionSchema } from "../journal/page.ts";

/** Outcome of one attempt. */
export const attemptOutcomeSchema = z.enum(["delivered", "retry", "split", "suspend"]);

/** One POST of a delivery. `answer` is the first KiB of the response, with known secret values masked. */
export const attemptSchema = z.object({
  attempt: z.number(),
  at: z.string(),
  outcome: attemptOutcomeSchema,
  statusCode: z.nullable(z.number()),
  durationMs: z.number(),
  /** A class from a closed list: `HTTP 500`, `dns`, `timeout`, `guard:<rule>` …; `null` after a 2xx. */
  error: z.nullable(z.string()),
  address: z.optional(z.string()),
  answer: z.optional(z.string()),
  /** Seconds until the next attempt. */
  delaySeconds: z.optional(z.number()),
});
export type Attempt = z.infer<typeof attemptSchema>;

/** `retry` and `suspend` mean that the delivery is open. The others say how its number was closed. */
export const deliveryOutcomeSchema = z.enum([
  "retry",
  "suspend",
  "delivered",
  "split",
  "recut",
  "expired",
  "skipped",
]);
export type DeliveryOutcome = z.infer<typeof deliveryOutcomeSchema>;

/**
 * A delivery's row in the log. It covers the events from `first` to `end` (exclusive) that the filter let through,
 * `count` in all.
 */
export const deliveryRecordSchema = z.object({
  /** Partition key: `ws/dst`. */
  destination: z.string(),
  delivery: z.string(),
  lane: z.string(),
  number: z.number(),
  previousId: z.string(),
  parent: z.optional(z.string()),
  format: z.string(),
  /**
   * The destination's content version when the batch was built, which identifies the filter. Missing in rows of older
   * versions.
   */
  contentVersion: z.optional(z.number()),
  count: z.number(),
  first: positionSchema,
  end: positionSchema,
  /** Time range of a replay. The delivery's range may include events recorded outside of it, which were not sent. */
  recorded: z.optional(recordedSchema),
  outcome: deliveryOutcomeSchema,
  attempts: z.array(attemptSchema),
  createdAt: z.string(),
  updatedAt: z.string(),
  /** Time at which the number was closed. */
  closedAt: z.optional(z.string()),
  /** Present while the delivery is open and waits for its next attempt. */
  nextAttemptAt: z.optional(z.string()),
  /** TTL in epoch seconds. */
  expiresAt: z.number(),
});
export type DeliveryRecord = z.infer<typeof deliveryRecordSchema>;

/** One update of a delivery's row: an attempt, the closing of its number, or both. */
export interface DeliveryNote {
  facts: Omit<DeliveryRecord, "outcome" | "attempts" | "updatedAt" | "closedAt" | "nextAttemptAt">;
  outcome: DeliveryOutcome;
  at: string;
  attempt?: Attempt | undefined;
  nextAttemptAt?: string | undefined;
}

/** Stores delivery notes. A note is stored completely or not at all. */
export interface DeliveryLog {
  /**
   * Stores a note and returns the row's outcome, which differs from the note's when the number had already been closed.
   */
  note(note: DeliveryNote): Promise<DeliveryOutcome>;
}

export function isOpen(outcome: DeliveryOutcome): boolean {
  return outcome === "retry" || outcome === "suspend";
}

/**
 * Returns true if `next` may replace the outcome. A closed outcome stays, except that `delivered` replaces any, because
 * the receiver has the events.
 */
export function mayReplace(present: DeliveryOutcome | undefined, next: DeliveryOutcome): boolean {
  return present === undefined || isOpen(present) || next === "delivered";
}

/**
 * Number of attempts that a row keeps. A receiver can ask for one per second for three days, and an item is limited to
 * 400 KB.
 */
export const ATTEMPTS_KEPT = 60;

/** Sorts attempts by time. Their numbers are no order, because they restart at 1 when a lane is resumed. */
export function inOrder(attempts: readonly Attempt[]): Attempt[] {
  return attempts.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at) || a.attempt - b.attempt);
}

/**
 * Returns the index for the next attempt: the end of the list, or the place of the oldest attempt when the list is
 * full.
 */
export function placeOfNext(attempts: readonly Attempt[]): number {
  const [oldest] = inOrder(attempts);
  if (oldest === undefined || attempts.length < ATTEMPTS_KEPT) return attempts.length;
  return attempts.indexOf(oldest);
}

/** Returns the row after a note. Specifies the store's updates, which tests compare with it. */
export function addNote(present: DeliveryRecord | undefined, note: DeliveryNote): DeliveryRecord {
  const { attempt, facts, at } = note;
  const attempts = present?.attempts ?? [];
  const row = {
    ...(present ?? facts),
    attempts: attempt === undefined ? attempts : attempts.toSpliced(placeOfNext(attempts), 1, attempt),
    updatedAt: at,
    expiresAt: facts.expiresAt,
  };
  if (present !== undefined && !mayReplace(present.outcome, note.outcome))
    return attempt === undefined ? present : { ...row, outcome: present.outcome };
  return {
    ...row,
    outcome: note.outcome,
    nextAttemptAt: note.nextAttemptAt,
    ...(!isOpen(note.outcome) && { closedAt: at }),
  };
}
