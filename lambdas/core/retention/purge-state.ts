import type { ExtendEntry } from "../entry/entry-store.ts";
import * as z from "zod/mini";
import type { RetentionHistory, Workspace } from "../workspace/entitlement.ts";
import type { EntryReference } from "../entry/entry.ts";
import { type Receipt, receiptEndSchema, receiptSchema } from "./receipt.ts";
import type { Position } from "../journal/page.ts";
import type { JournalRange } from "../journal/range.ts";

/**
 * Where the purge of a workspace stands: one row, every write conditional on `version`, so that two purges at once take turns.
 *
 * `receipt` is the removal under way and `claimed` its page that is being removed now. A hold sets `frozen` on this row: a purge
 * that read the row earlier fails at its next claim, so nothing is removed after the hold is in force.
 * `extended`: entries up to page `throughPage` expire no earlier than `days` after they were recorded.
 * `heldThrough`: entries up to this page never expire.
 * `ended`: entries up to page `throughPage` outlive the grace period of the workspace that ended then.
 */
export const purgeStateSchema = z.object({
  workspace: z.string(),
  item: z.string(),
  version: z.number(),
  receipt: z.optional(receiptSchema),
  receiptTotal: z.optional(z.number()),
  claimed: z.optional(receiptEndSchema),
  frozen: z.optional(z.boolean()),
  extended: z.optional(z.object({ throughPage: z.number(), days: z.number() })),
  heldThrough: z.optional(z.number()),
  ended: z.optional(z.object({ endedAt: z.string(), throughPage: z.number() })),
  /** The newest page of an ended workspace stays as the end of the chain; its entries have been removed. */
  emptied: z.optional(z.number()),
  lastReceiptAt: z.optional(z.string()),
  /** Receipts that were closed while the workspace had ended and that no event tells of, as far as it may have gone on since. */
  silent: z.optional(z.array(z.string())),
});
export type PurgeState = z.infer<typeof purgeStateSchema>;

/** A workspace that has ended has two or three receipts. */
export const SILENT_MAX = 20;

export const PURGE_ITEM = "purge";

export function newPurgeState(workspace: string): PurgeState {
  return { workspace, item: PURGE_ITEM, version: 0 };
}

/** A lane as far as retention needs it. */
export interface LanePosition {
  destination: string;
  lane: string;
  status: string;
  cursor: Position;
  /** What it has passed because it had expired. */
  lapsed?: readonly JournalRange[] | undefined;
}

/** What the purge touches. Reads are strongly consistent. */
export interface PurgeStore {
  readState(workspace: string): Promise<PurgeState>;
  /** Stores `state` with its version plus one if the row is still at `state.version`. */
  replaceState(state: PurgeState): Promise<PurgeState | "stale">;
  /** Idempotent; never turns a closed receipt into an open one. */
  putReceipt(receipt: Receipt): Promise<void>;
  /** Removes the row of a receipt under which nothing was removed. */
  dropReceipt(receipt: Receipt): Promise<void>;
  /** Removes those that are still there as the references say, not newer ones under the same key. Answers the write units that it took. */
  removeEntries(workspace: string, entries: readonly EntryReference[]): Promise<number>;
  /** Answers the write units that it took. */
  removePage(workspace: string, page: number): Promise<number>;
  extendEntry: ExtendEntry;
  lanePositions(workspace: string): Promise<LanePosition[]>;
  /** A plan was changed in the settings: stores what that means for the workspace, if its row is still at that version. */
  applyRetention(workspace: Workspace, history: RetentionHistory, days: number): Promise<void>;
  /** `pending` becomes `held`; nothing happens when the hold was lifted meanwhile. */
  confirmHold(workspace: string): Promise<void>;
}
