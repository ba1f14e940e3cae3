import * as z from "zod/mini";
import { entryReferenceSchema } from "../entry/entry.ts";

/**
 * One page of a workspace's journal: immutable, numbered from 1 without gaps.
 *
 * - `at`: journal time, which never decreases: the greatest of the previous page's `at`, the clock and its entries'
 *   `recordedAt`.
 * - `seq`: the greatest stream position (`streamPosition`) of any record up to and including this page.
 * - `late`: number of the newest page, up to this one, that took a record not above the greatest position before it; 0
 *   if none has.
 * - `total`: number of events in the journal up to and including this page, so that a distance is a subtraction.
 * - `previousHash`, `hash`: SHA-256 (hex) chain. The `previousHash` of the first page is empty.
 */
export const pageSchema = z.object({
  workspace: z.string(),
  page: z.number(),
  at: z.string(),
  seq: z.string(),
  late: z.number(),
  total: z.number(),
  previousHash: z.string(),
  hash: z.string(),
  entries: z.array(entryReferenceSchema),
});
export type Page = z.infer<typeof pageSchema>;

/**
 * A position in the journal: the event at `index` (from 0) of page `page`. An `index` equal to the page's number of
 * events is its end.
 */
export const positionSchema = z.object({ page: z.number(), index: z.number() });
export type Position = z.infer<typeof positionSchema>;

/** Negative if `a` lies before `b`, positive if it lies behind it. */
export function comparePositions(a: Position, b: Position): number {
  return a.page - b.page || a.index - b.index;
}

export const PAGE_MAX_EVENTS = 100;

/**
 * A text that sorts in the order of the stream: the label, then the sequence number padded to 40 digits (DynamoDB uses
 * 21 to 40).
 */
export function streamPosition(label: string, sequenceNumber: string): string {
  return `${label}/${sequenceNumber.padStart(40, "0")}`;
}

/** When the newest entry of a page was recorded; empty for a page without entries. */
export function newestRecordedAt({ entries }: Page): string {
  return entries.reduce((newest, { recordedAt }) => (recordedAt > newest ? recordedAt : newest), "");
}

export function eventsOn({ entries }: Pick<Page, "entries">): number {
  return entries.reduce((sum, { count }) => sum + count, 0);
}
