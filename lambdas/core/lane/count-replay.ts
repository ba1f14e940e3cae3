import { type Destination, wantsType } from "../destination/destination.ts";
import type { EntryReference } from "../entry/entry.ts";
import { linesOf } from "../entry/entry-body.ts";
import { type Page, eventsOn, comparePositions } from "../journal/page.ts";
import { recordedEventSchema } from "../entry/recorded-event.ts";
import type { JournalStore } from "../journal/journal-store.ts";
import type { EntryStore } from "../entry/entry-store.ts";
import { isRecordedIn } from "../journal/recorded-window.ts";
import { isOwnFailure, mayBeNotice } from "./owner-notice.ts";
import type { ReplayWindow } from "./replay-window.ts";

/** A window with more events than this is not counted event by event. */
export const MAX_COUNTED_EVENTS = 2_000;
/**
 * Entries are read in order to be counted, up to this many uncompressed bytes: a request has 30 s, and a function its
 * memory.
 */
const MAX_READ_BYTES = 8_000_000;
/** The number of entries that one read of the table takes. */
const ENTRIES_AT_ONCE = 100;
const PAGES_AT_ONCE = 100;
/**
 * For a window that is not counted event by event, this many pages at its start are checked for events outside of it.
 */
const EDGE_PAGES = 10;

export interface ReplayCount {
  events: number;
  /**
   * If false, some of the events may be excluded: by the filter, by their time or expiry, or because they are notices
   * of the destination.
   */
  exact: boolean;
}

/**
 * Decides whether an event would be delivered now. Events recorded before `since` have expired; `now` in milliseconds.
 */
export interface CountRules {
  destination: Destination;
  eventTypePrefix: string;
  since: string;
  now: number;
}

interface CountStores {
  journal: Pick<JournalStore, "readPagesFrom">;
  entries: Pick<EntryStore, "readEntries">;
}

/** How many events of the window would be delivered. */
export async function countWanted(
  window: ReplayWindow,
  rules: CountRules,
  stores: CountStores,
): Promise<ReplayCount> {
  const { workspace } = rules.destination;
  if (window.journalled > MAX_COUNTED_EVENTS) {
    const leftOut = await leftOutAtStart(workspace, window, rules.since, stores.journal);
    return { events: window.journalled - leftOut, exact: false };
  }
  const inside = await insideOf(workspace, window, rules.since, stores.journal);
  const asked = inside.filter(({ reference }) => isToBeRead(reference, rules));
  const read = withinBytes(asked);
  let leftOut = 0;
  for (let first = 0; first < read.length; first += ENTRIES_AT_ONCE)
    leftOut += await leftOutOf(read.slice(first, first + ENTRIES_AT_ONCE), rules, stores.entries);
  return { events: eventsIn(inside) - leftOut, exact: read.length === asked.length };
}

/**
 * Whether the entry must be read to be counted. Without a filter only notices of the destination are excluded, and
 * entries that TTL may already have removed.
 */
function isToBeRead(reference: EntryReference, { destination, now }: CountRules): boolean {
  return destination.eventTypes.length > 0 || mayBeNotice(reference) || reference.expiresAt * 1000 <= now;
}

/** As many of the first ones as may be read. */
function withinBytes(inside: readonly Inside[]): Inside[] {
  let bytes = 0;
  const end = inside.findIndex(({ reference }) => (bytes += reference.bytes) > MAX_READ_BYTES);
  return end < 0 ? [...inside] : inside.slice(0, end);
}

async function pagesOf(
  workspace: string,
  { until }: ReplayWindow,
  { from, limit }: { from: number; limit: number },
  journal: Pick<JournalStore, "readPagesFrom">,
): Promise<Page[]> {
  const pages = await journal.readPagesFrom(workspace, from, limit);
  return pages.filter(({ page }) => comparePositions({ page, index: 0 }, until) < 0);
}

/** The indexes of a page that lie in the window: from the first to before the second. */
function indexesOn(page: Page, { start, until }: ReplayWindow): [number, number] {
  return [
    page.page === start.page ? start.index : 0,
    page.page === until.page ? until.index : Number.POSITIVE_INFINITY,
  ];
}

/**
 * Events on the window's first pages that it excludes, because of their time of record or expiry. There may be more on
 * later pages.
 */
async function leftOutAtStart(
  workspace: string,
  window: ReplayWindow,
  since: string,
  journal: Pick<JournalStore, "readPagesFrom">,
): Promise<number> {
  const pages = await pagesOf(workspace, window, { from: window.start.page, limit: EDGE_PAGES }, journal);
  return pages.reduce((sum, page) => {
    const [from, until] = indexesOn(page, window);
    const all = Math.min(eventsOn(page), until) - from;
    return sum + all - eventsIn(insideOn(page, window, since));
  }, 0);
}

/** The part of an entry that lies in the window: its events from `begin` to before `end`. */
interface Inside {
  reference: EntryReference;
  begin: number;
  end: number;
}

function eventsIn(inside: readonly Inside[]): number {
  return inside.reduce((events, { begin, end }) => events + end - begin, 0);
}

async function insideOf(
  workspace: string,
  window: ReplayWindow,
  since: string,
  journal: Pick<JournalStore, "readPagesFrom">,
): Promise<Inside[]> {
  const inside: Inside[] = [];
  let from = window.start.page;
  while (comparePositions({ page: from, index: 0 }, window.until) < 0) {
    const pages = await pagesOf(workspace, window, { from, limit: PAGES_AT_ONCE }, journal);
    inside.push(...pages.flatMap((page) => insideOn(page, window, since)));
    const last = pages.at(-1);
    if (last === undefined) break;
    from = last.page + 1;
  }
  return inside;
}

function insideOn(page: Page, window: ReplayWindow, since: string): Inside[] {
  const [from, until] = indexesOn(page, window);
  let first = 0;
  return page.entries.flatMap((reference) => {
    const begin = Math.max(0, from - first);
    const end = Math.min(reference.count, until - first);
    first += reference.count;
    const isInside = reference.recordedAt >= since && isRecordedIn(reference, window.recorded);
    return begin < end && isInside ? [{ reference, begin, end }] : [];
  });
}

async function leftOutOf(
  inside: readonly Inside[],
  rules: CountRules,
  entries: Pick<EntryStore, "readEntries">,
): Promise<number> {
  const references = inside.map(({ reference }) => reference);
  const found = await entries.readEntries(rules.destination.workspace, references);
  return inside.reduce((sum, { reference, begin, end }) => {
    const entry = found.get(reference.entry);
    // A key that was used again after its entry expired; the newer entry may be in the same window.
    if (entry?.recordedAt !== reference.recordedAt)
      return reference.expiresAt * 1000 > rules.now ? sum : sum + end - begin;
    const lines = linesOf(entry).slice(begin, end);
    return sum + lines.filter((line) => !isWanted(line, rules)).length;
  }, 0);
}

function isWanted(line: string, { destination, eventTypePrefix }: CountRules): boolean {
  if (isOwnFailure(Buffer.from(line), destination.destination, eventTypePrefix)) return false;
  const { eventTypes } = destination;
  return eventTypes.length === 0 || wantsType(eventTypes, recordedEventSchema.parse(JSON.parse(line)).type);
}
