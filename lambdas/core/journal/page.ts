import * as z from "zod/mini";
import { entryReferenceSchema } from "../entry/entry.ts";

/**
 * One page of a workspace's journal: immutable, numbered from 1 without holes.
 *
 * `at`: the greatest of the previous page's `at`, the clock and its entries' `recordedAt`; journal time, never going back.
 * `seq`: the greatest stream position (`streamPosition`) of any record up to here.
 * `late`: number of the newest page up to here that took a record not above the greatest before it; 0 when none has.
 * `total`: events in the journal up to and including this page, so that a distance is a subtraction.
 * `previousHash`, `hash`: SHA-256 (hex) chain; the first page's `previousHash` is empty.
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

/** A place in the journal: the event at `index` (from 0) of page `page`. `index` may equal the page's count: its end. */
export const positionSchema = z.object({ page: z.number(), index: z.number() });
export type Position = z.infer<typeof positionSchema>;

/** Less than 0 when `a` lies before `b`. */
export function comparePositions(a: Position, b: Position): number {
  return a.page - b.page || a.index - b.index;
}

export const PAGE_MAX_EVENTS = 100;

/** Text whose order is the order of the stream: label, then the sequence number padded to 40 digits (DynamoDB gives 21 to 40). */
export function streamPosition(label: string, sequenceNumber: string): string {
  return `${label}/${sequenceNumber.padStart(40, "0")}`;
}

/** When the newest of a page's entries was recorded; empty without entries. */
export function newestRecordedAt({ entries }: Page): string {
  return entries.reduce((newest, { recordedAt }) => (recordedAt > newest ? recordedAt : newest), "");
}

export function eventsOn({ entries }: Pick<Page, "entries">): number {
  return entries.reduce((sum, { count }) => sum + count, 0);
}
