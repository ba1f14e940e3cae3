import { formatSchema } from "../formats/known-formats.ts";
import { recordedSchema } from "../journal/recorded-window.ts";
import * as z from "zod/mini";
import { positionSchema } from "../journal/page.ts";
import { journalRangeSchema } from "../journal/range.ts";

/** What the receiver's last answer came to, kept on the live lane so that health needs no second read. */
export const lastDeliverySchema = z.object({
  id: z.string(),
  at: z.string(),
  outcome: z.string(),
  statusCode: z.nullable(z.number()),
  durationMs: z.number(),
  error: z.nullable(z.string()),
  /** Of a `split`, which is neither a refusal nor a success: the outcome before it that was none; absent if it was the first answer. */
  beforeSplit: z.optional(z.string()),
});

/**
 * A frozen delivery: number, positions and format are fixed, and with them the body, until the number closes.
 * It covers the wanted, unexpired events from the lane's cursor up to `end`; `check` is the SHA-256 prefix (16 hex) of their ids.
 */
export const frozenSchema = z.object({
  id: z.string(),
  number: z.number(),
  frozenAt: z.string(),
  format: formatSchema,
  /** `contentVersion` of the destination when it was cut: another value means recut. */
  contentVersion: z.number(),
  end: positionSchema,
  count: z.number(),
  check: z.string(),
  /** The delivery that was split into this one. */
  parent: z.optional(z.string()),
});
export type Frozen = z.infer<typeof frozenSchema>;

/**
 * A cursor over the journal for one destination; every write bumps `version` under a condition on it.
 *
 * `cursor` is the next event to look at; a page that does not exist yet is a fine place to stand.
 * `number` is the next delivery's number (from 1), `previousId` the id of the delivery closed last (`-` before the first).
 * `nextAttemptAt` is set while the receiver's refusal is waited out (or a capped replay pauses); `dueShard` with it when the sweep
 * is to ring, because the wait is longer than a minute. On a suspended lane both say when its owner is to be told.
 * `until` is a replay's fixed end (exclusive). `status` `ended` is a finished or cancelled replay.
 */
export const laneSchema = z.object({
  workspace: z.string(),
  item: z.string(),
  destination: z.string(),
  lane: z.string(),
  status: z.enum(["live", "suspended", "disabled", "ended"]),
  version: z.number(),
  cursor: positionSchema,
  number: z.number(),
  previousId: z.string(),
  frozen: z.optional(frozenSchema),
  /** Attempts of the frozen delivery so far, and when its first one was. */
  attempts: z.number(),
  firstAttemptAt: z.optional(z.string()),
  nextAttemptAt: z.optional(z.string()),
  dueShard: z.optional(z.string()),
  until: z.optional(positionSchema),
  /** A replay passes what was recorded at other times: its pages hold some. Absent when it repeats a delivery of the live lane. */
  recorded: z.optional(recordedSchema),
  /** An owner's mark: deliver closes this number as `skipped` and passes its events. */
  skip: z.optional(z.number()),
  /** At most this many events a delivery; halves after a 413, grows back after a success. */
  batchLimit: z.optional(z.number()),
  /** How often its owner wanted an attempt at once. One that began before the latest of these decides on no wait and no suspension. */
  hurried: z.optional(z.number()),
  /** When a delivery was last frozen. Its run looks at the journal again afterwards: earlier rings have nothing to add. */
  lookedAt: z.optional(z.string()),
  lastDelivery: z.optional(lastDeliverySchema),
  failingSince: z.optional(z.string()),
  consecutiveFailures: z.number(),
  /** Why it was suspended; on a live lane until its owner was told that it goes on. */
  suspendedReason: z.optional(z.string()),
  /** After a 413: the delivery whose halves come next (the first names it), and its end, which neither half crosses. */
  splitParent: z.optional(z.string()),
  splitEnd: z.optional(positionSchema),
  /** When the owner was last told that the destination is failing; a 2xx does not forget it. */
  failingToldAt: z.optional(z.string()),
  /** Set when that was of the present failing, so that its end is told too: the advice that was given in it. */
  failingTold: z.optional(z.array(z.string())),
  /**
   * The version in the key of a notice that was not given yet, which is given again under that key: of `suspended` on a suspended
   * lane, which the sweep rings until then, of `failing` on a live one.
   */
  untold: z.optional(z.number()),
  /** A replay's cap. */
  eventsPerSecond: z.optional(z.number()),
  /** How many of the last answers in a row took over 3 s; from 2 on its rings go to the slow queue. */
  slowAnswers: z.optional(z.number()),
  /** What the live lane has passed because it had expired: the purge names it in the receipt of its removal. */
  lapsed: z.optional(z.array(journalRangeSchema)),
  createdAt: z.string(),
});
export type Lane = z.infer<typeof laneSchema>;
/** Who moves lanes is held by its role to rows of these. */
export const LANE_ATTRIBUTES: readonly string[] = Object.keys(laneSchema.shape);

/** What a ring's message body says: look at this lane. `slow` names the queue that it is for, and so the one it came from. */
export const wakeUpSchema = z.object({
  workspace: z.string(),
  destination: z.string(),
  lane: z.string(),
  slow: z.optional(z.boolean()),
});
export type WakeUp = z.infer<typeof wakeUpSchema>;

/** What the receiver's last answer came to that was no 413 of a batch; `undefined` before the first. */
export function outcomeOf({ lastDelivery }: Pick<Lane, "lastDelivery">): string | undefined {
  return lastDelivery?.outcome === "split" ? lastDelivery.beforeSplit : lastDelivery?.outcome;
}

/** A lane's answers take long enough that it waits with its like, away from the quick ones. */
export function isSlow(lane: Pick<Lane, "slowAnswers">): boolean {
  return (lane.slowAnswers ?? 0) >= 2;
}

/** The ring of a lane, for the queue that its receiver's speed asks for. */
export function wakeUpOf(lane: Pick<Lane, "workspace" | "destination" | "lane" | "slowAnswers">): WakeUp {
  const { workspace, destination, lane: name } = lane;
  return isSlow(lane)
    ? { workspace, destination, lane: name, slow: true }
    : { workspace, destination, lane: name };
}
