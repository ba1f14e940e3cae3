import { eventsOn, type Page } from "../journal/page.ts";
import * as z from "zod/mini";
import type { EntryReference } from "../entry/entry.ts";
import { TrailcastError } from "../base/trailcast-error.ts";

/**
 * How many events a destination had not taken when they were removed; an upper bound if a filter excludes some of them.
 */
export const undeliveredSchema = z.object({ destination: z.string(), events: z.number() });
export type Undelivered = z.infer<typeof undeliveredSchema>;

/**
 * The proof of a removal of the pages `fromPage` to `toPage`. It is written before the first page is touched and closed
 * after the last. `hashBefore` is the hash that page `fromPage` names as previous, `hashAfter` the hash of page
 * `toPage`, so that receipts and the remaining journal form one chain. `owed` counts the undelivered events by
 * destination; the name is part of the recorded event.
 */
export const receiptSchema = z.object({
  workspace: z.string(),
  receipt: z.string(),
  state: z.enum(["open", "closed"]),
  /** True if only the page's entries were removed: the page stays as the end of an ended workspace's chain. */
  keepsPage: z.optional(z.boolean()),
  reason: z.enum(["retention", "ended"]),
  removedBefore: z.string(),
  openedAt: z.string(),
  closedAt: z.optional(z.string()),
  fromPage: z.number(),
  toPage: z.number(),
  events: z.number(),
  firstRecordedAt: z.string(),
  lastRecordedAt: z.string(),
  firstEntry: z.string(),
  lastEntry: z.string(),
  hashBefore: z.string(),
  hashAfter: z.string(),
  owed: z.array(undeliveredSchema),
});
export type Receipt = z.infer<typeof receiptSchema>;

/** The id of a receipt derives from its first page, since a page is removed only once. */
export function receiptId(fromPage: number): string {
  return `rct_${String(fromPage).padStart(12, "0")}`;
}

/** The idempotency key of the event that records a receipt. */
export function purgedKey(receipt: string): string {
  return `receipt ${receipt}`;
}

/**
 * The metadata of the event that records a receipt: all fields except those that are equal for all closed receipts of a
 * workspace.
 */
export function purgedFacts(receipt: Receipt): Omit<Receipt, "workspace" | "state"> {
  const { workspace: _workspace, state: _state, ...facts } = receipt;
  return facts;
}

/** Facts about the last page that a receipt covers. */
export const receiptEndSchema = z.object({
  page: z.number(),
  hash: z.string(),
  total: z.number(),
  lastRecordedAt: z.string(),
  lastEntry: z.string(),
});
export type ReceiptEnd = z.infer<typeof receiptEndSchema>;

export function endOf(page: Page): ReceiptEnd {
  const last = lastReference(page);
  return {
    page: page.page,
    hash: page.hash,
    total: page.total,
    lastRecordedAt: last.recordedAt,
    lastEntry: last.entry,
  };
}

/** Opens the receipt over contiguous, non-empty `pages`. */
export function openReceipt(
  pages: readonly [Page, ...Page[]],
  facts: Pick<Receipt, "reason" | "removedBefore" | "openedAt" | "owed" | "keepsPage">,
): Receipt {
  const [first] = pages;
  const last = pages.at(-1) ?? first;
  const end = endOf(last);
  // The page that stays is covered by another receipt when it is removed as well.
  const receipt = receiptId(first.page) + (facts.keepsPage === true ? "_end" : "");
  return {
    workspace: first.workspace,
    receipt,
    state: "open",
    ...facts,
    fromPage: first.page,
    toPage: end.page,
    events: end.total - first.total + eventsOn(first),
    firstRecordedAt: firstReference(first).recordedAt,
    lastRecordedAt: end.lastRecordedAt,
    firstEntry: firstReference(first).entry,
    lastEntry: end.lastEntry,
    hashBefore: first.previousHash,
    hashAfter: end.hash,
  };
}

/** The end of a receipt in the form in which the purge's row stores the page that is being removed. */
export function endOfReceipt(receipt: Receipt, total: number): ReceiptEnd {
  const { toPage: page, hashAfter: hash, lastRecordedAt, lastEntry } = receipt;
  return { page, hash, total, lastRecordedAt, lastEntry };
}

/** Extends an open receipt by `pages`, which follow directly on its last page: a day's removal is one receipt. */
export function growReceipt(
  receipt: Receipt,
  pages: readonly [Page, ...Page[]],
  { removedBefore, owed }: Pick<Receipt, "removedBefore" | "owed">,
): Receipt {
  const [first] = pages;
  const end = endOf(pages.at(-1) ?? first);
  return {
    ...receipt,
    removedBefore: removedBefore > receipt.removedBefore ? removedBefore : receipt.removedBefore,
    toPage: end.page,
    events: receipt.events + end.total - first.total + eventsOn(first),
    lastRecordedAt: end.lastRecordedAt,
    lastEntry: end.lastEntry,
    hashAfter: end.hash,
    owed: addUndelivered(receipt.owed, owed),
  };
}

function addUndelivered(some: readonly Undelivered[], more: readonly Undelivered[]): Undelivered[] {
  const sums = new Map<string, number>();
  for (const { destination, events } of [...some, ...more])
    sums.set(destination, (sums.get(destination) ?? 0) + events);
  return [...sums].map(([destination, events]) => ({ destination, events }));
}

/** Ends a receipt early, at the page that was being removed. The later pages stay. */
export function endReceiptAt(receipt: Receipt, end: ReceiptEnd, totalAtReceiptEnd: number): Receipt {
  return {
    ...receipt,
    toPage: end.page,
    events: receipt.events - (totalAtReceiptEnd - end.total),
    lastRecordedAt: end.lastRecordedAt,
    lastEntry: end.lastEntry,
    hashAfter: end.hash,
  };
}

function firstReference(page: Page): EntryReference {
  const [first] = page.entries;
  if (first === undefined) throw new EmptyPageError(page.page);
  return first;
}

function lastReference(page: Page): EntryReference {
  const last = page.entries.at(-1);
  if (last === undefined) throw new EmptyPageError(page.page);
  return last;
}

/** Thrown for a page without entries. Fan-out never writes one, so the journal was changed by someone else. */
export class EmptyPageError extends TrailcastError {
  override name = "EmptyPageError";
  constructor(page: number) {
    super(`Page ${page} of the journal has no entries`);
  }
}
