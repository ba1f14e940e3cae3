import type { ExtendEntry } from "../entry/entry-store.ts";
import * as z from "zod/mini";
import type { RetentionHistory, Workspace } from "../workspace/entitlement.ts";
import type { EntryReference } from "../entry/entry.ts";
import { type Receipt, receiptEndSchema, receiptSchema } from "./receipt.ts";
import type { LanePosition } from "../lane/row-schema.ts";

/**
 * The state of a workspace's purge. It is one row, and every write is conditional on `version`, so that concurrent
 * purges take turns.
 *
 * - `receipt`: the removal in progress; `claimed`: its page that is being removed now.
 * - `frozen`: set by a legal hold. A purge that read the row earlier fails at its next claim, so that nothing is
 *   removed once the hold is in force.
 * - `extended`: entries up to page `throughPage` expire no earlier than `days` after they were recorded.
 * - `heldThrough`: entries up to this page never expire.
 * - `ended`: entries up to page `throughPage` outlive the grace period of the workspace that ended at that time.
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
  /** The newest page of an ended workspace, whose entries have been removed. It stays as the end of the chain. */
  emptied: z.optional(z.number()),
  lastReceiptAt: z.optional(z.string()),
  /**
   * Receipts closed while the workspace had ended, which no event records. They are kept for the case that the
   * workspace is revived.
   */
  silent: z.optional(z.array(z.string())),
});
export type PurgeState = z.infer<typeof purgeStateSchema>;

/** An ended workspace has two or three receipts. */
export const SILENT_MAX = 20;

export const PURGE_ITEM = "purge";

export function newPurgeState(workspace: string): PurgeState {
  return { workspace, item: PURGE_ITEM, version: 0 };
}

/** The storage that the purge reads and writes. Reads are strongly consistent. */
export interface PurgeStore {
  readState(workspace: string): Promise<PurgeState>;
  /** Stores `state` with its version plus one if the row still has version `state.version`. */
  replaceState(state: PurgeState): Promise<PurgeState | "stale">;
  /** Idempotent. A closed receipt never becomes open again. */
  putReceipt(receipt: Receipt): Promise<void>;
  /** Deletes the row of a receipt under which nothing was removed. */
  dropReceipt(receipt: Receipt): Promise<void>;
  /**
   * Removes the referenced entries that still exist, but no newer entry under the same key. Returns the write units
   * consumed.
   */
  removeEntries(workspace: string, entries: readonly EntryReference[]): Promise<number>;
  /** Returns the write units consumed. */
  removePage(workspace: string, page: number): Promise<number>;
  extendEntry: ExtendEntry;
  lanePositions(workspace: string): Promise<LanePosition[]>;
  /**
   * Stores the effect of a retention that was changed in the settings, if the workspace's row still has the version
   * that was read.
   */
  applyRetention(workspace: Workspace, history: RetentionHistory, days: number): Promise<void>;
  /** Turns `pending` into `held`. Does nothing if the legal hold was lifted meanwhile. */
  confirmHold(workspace: string): Promise<void>;
}
