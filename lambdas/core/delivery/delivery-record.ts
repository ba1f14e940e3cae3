import * as z from "zod/mini";
import { recordedSchema } from "../journal/recorded-window.ts";
import { positionSchema } from "../journal/page.ts";

/** What an attempt came to. */
export const attemptOutcomeSchema = z.enum(["delivered", "retry", "split", "suspend"]);

/** One POST of a delivery. `answer` is the first KiB of what the receiver said, with known secret values masked. */
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

/** `retry` and `suspend` are open: the number is still to close. The others are how it closed. */
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

/** A delivery's row in the log. Its events are those from `first` up to `end` (exclusive) that the filter wanted, `count` of them. */
export const deliveryRecordSchema = z.object({
  /** Partition: `ws/dst`. */
  destination: z.string(),
  delivery: z.string(),
  lane: z.string(),
  number: z.number(),
  previousId: z.string(),
  parent: z.optional(z.string()),
  format: z.string(),
  /** Of the destination when it was frozen: which filter the events passed. Rows from before it was kept have none. */
  contentVersion: z.optional(z.number()),
  count: z.number(),
  first: positionSchema,
  end: positionSchema,
  /** Of a replay's lane: its span also covers what was recorded at other times, which it left out. */
  recorded: z.optional(recordedSchema),
  outcome: deliveryOutcomeSchema,
  attempts: z.array(attemptSchema),
  createdAt: z.string(),
  updatedAt: z.string(),
  /** When the number closed. */
  closedAt: z.optional(z.string()),
  /** While open and waiting. */
  nextAttemptAt: z.optional(z.string()),
  /** Epoch seconds; TTL. */
  expiresAt: z.number(),
});
export type DeliveryRecord = z.infer<typeof deliveryRecordSchema>;

/** One addition to a delivery's row: an attempt, or the closing of its number, or both at once. */
export interface DeliveryNote {
  facts: Omit<DeliveryRecord, "outcome" | "attempts" | "updatedAt" | "closedAt" | "nextAttemptAt">;
  outcome: DeliveryOutcome;
  at: string;
  attempt?: Attempt | undefined;
  nextAttemptAt?: string | undefined;
}

/** Where notes are kept. A note is added whole or not at all. */
export interface DeliveryLog {
  /** Answers the outcome that the row then has: another one than the note's when the number had been closed before. */
  note(note: DeliveryNote): Promise<DeliveryOutcome>;
}

export function isOpen(outcome: DeliveryOutcome): boolean {
  return outcome === "retry" || outcome === "suspend";
}

/** No outcome replaces a closed one, except that `delivered` replaces any: the receiver has it, whoever closed the number. */
export function mayReplace(present: DeliveryOutcome | undefined, next: DeliveryOutcome): boolean {
  return present === undefined || isOpen(present) || next === "delivered";
}

/** Attempts that a row keeps: a receiver may ask for one a second for three days, and an item holds 400 KB. */
export const ATTEMPTS_KEPT = 60;

/** By time: when a lane is resumed, numbers start again at 1 within a row. */
export function inOrder(attempts: readonly Attempt[]): Attempt[] {
  return attempts.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at) || a.attempt - b.attempt);
}

/** Where a row takes one more attempt: behind the others, or in the place of the oldest when it is full. */
export function placeOfNext(attempts: readonly Attempt[]): number {
  const [oldest] = inOrder(attempts);
  if (oldest === undefined || attempts.length < ATTEMPTS_KEPT) return attempts.length;
  return attempts.indexOf(oldest);
}

/** The row after a note: what the table does, said once for stores and tests. */
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
