import { type Destination, wantsType } from "../destination/destination.ts";
import type { EntryReference } from "../entry/entry.ts";
import { linesOf } from "../entry/entry-body.ts";
import { findPageRecordedAt } from "../journal/find-page-at.ts";
import { recordedEventSchema } from "../reading/event-query.ts";
import { searchFrom } from "../reading/reading-window.ts";
import { comparePositions } from "./close-number.ts";
import { isRecordedIn, type Recorded } from "./lane.ts";
import { isOwnFailure } from "./owner-notice.ts";
import type { Page, Position } from "../journal/page.ts";
import { eventsOn } from "../retention/receipt.ts";
import { placeAt, placeNow } from "./place-in-journal.ts";
import type { EntryStore, JournalStore } from "../stores.ts";

export interface ReplayWindow {
  /** Its first event, and the place behind its last one. Between them may lie events of other times. */
  start: Position;
  until: Position;
  /** The times asked; absent when a delivery of the live lane is repeated. */
  recorded?: Recorded | undefined;
  /** Events in the journal between the places. */
  journalled: number;
}

/**
 * Where in the journal lies what was recorded in this window: from the first page that may hold some of it to the last. Pages follow
 * the order of record save for posts that passed each other (a minute at most), and for what was redriven from quarantine: that is in a
 * window which also reaches the page that took it. `since`: what was recorded earlier has expired.
 */
export async function replayWindow(
  workspace: string,
  { from, to }: Recorded,
  since: string,
  journal: JournalStore,
): Promise<ReplayWindow> {
  // Read first: what is journalled during the search is behind the window.
  const now = await placeNow(workspace, journal);
  const visible = { from: from > since ? from : since, to };
  const start = await placeAt(workspace, visible.from, journal);
  const last = await findPageRecordedAt(workspace, searchFrom(to), journal);
  const lastPage = Math.min(last?.page ?? now.page, now.page - 1);
  const first = firstOf(await journal.readPage(workspace, start.page), visible) ?? start;
  const until = behindLastOf(await journal.readPage(workspace, lastPage), visible);
  const window = await between(workspace, first, until ?? { page: lastPage + 1, index: 0 }, journal);
  return { ...window, recorded: { from, to } };
}

function firstOf(page: Page | undefined, recorded: Recorded): Position | undefined {
  if (page === undefined) return undefined;
  let index = 0;
  for (const reference of page.entries) {
    if (isRecordedIn(reference, recorded)) return { page: page.page, index };
    index += reference.count;
  }
  return { page: page.page + 1, index: 0 };
}

function behindLastOf(page: Page | undefined, recorded: Recorded): Position | undefined {
  if (page === undefined) return undefined;
  let end = 0;
  let index = 0;
  for (const reference of page.entries) {
    index += reference.count;
    if (isRecordedIn(reference, recorded)) end = index;
  }
  return { page: page.page, index: end };
}

/** What is left of a stretch of the journal: expired pages at its beginning, which may be gone, are left out. */
export async function windowOf(
  workspace: string,
  stretch: Omit<ReplayWindow, "journalled">,
  since: string,
  journal: JournalStore,
): Promise<ReplayWindow> {
  const place = await placeAt(workspace, since, journal);
  const start = comparePositions(stretch.start, place) < 0 ? place : stretch.start;
  return { ...(await between(workspace, start, stretch.until, journal)), recorded: stretch.recorded };
}

async function between(
  workspace: string,
  start: Position,
  until: Position,
  journal: JournalStore,
): Promise<ReplayWindow> {
  if (comparePositions(start, until) >= 0) return { start, until: start, journalled: 0 };
  const journalled =
    (await eventsBefore(workspace, until, journal)) - (await eventsBefore(workspace, start, journal));
  return { start, until, journalled };
}

/** How many events were ever journalled before a place: a subtraction of two gives a distance. */
export async function eventsBefore(
  workspace: string,
  position: Position,
  journal: Pick<JournalStore, "newestPage" | "readPagesFrom">,
): Promise<number> {
  const [page] = await journal.readPagesFrom(workspace, position.page, 1);
  if (page === undefined) return (await journal.newestPage(workspace))?.total ?? 0;
  const before = page.total - eventsOn(page);
  return page.page === position.page ? before + Math.min(position.index, eventsOn(page)) : before;
}

/** Events are read to be counted: no more than these. */
export const MAX_COUNTED_EVENTS = 2_000;

export interface ReplayCount {
  events: number;
  /** Otherwise some of them may be left out: by the filter, by their time or expiry, or since they are notices of the destination. */
  exact: boolean;
}

/** What decides at this moment whether an event is delivered. What was recorded before `since` has expired; `now` in milliseconds. */
export interface CountRules {
  destination: Destination;
  eventTypePrefix: string;
  since: string;
  now: number;
}

/** How many events of the window are delivered. */
export async function countWanted(
  window: ReplayWindow,
  rules: CountRules,
  stores: { journal: Pick<JournalStore, "readPagesFrom">; entries: Pick<EntryStore, "readEntries"> },
): Promise<ReplayCount> {
  const { workspace } = rules.destination;
  if (window.journalled > MAX_COUNTED_EVENTS) {
    const leftOut = await leftOutAtStart(workspace, window, rules.since, stores.journal);
    return { events: window.journalled - leftOut, exact: false };
  }
  let events = 0;
  let from = window.start.page;
  for (;;) {
    const pages = await pagesOf(workspace, window, from, stores.journal);
    for (const page of pages) events += await wantedOn(page, window, rules, stores.entries);
    const last = pages.at(-1);
    if (last === undefined) return { events, exact: true };
    from = last.page + 1;
  }
}

const PAGES_AT_ONCE = 10;

async function pagesOf(
  workspace: string,
  { until }: ReplayWindow,
  from: number,
  journal: Pick<JournalStore, "readPagesFrom">,
): Promise<Page[]> {
  const pages = await journal.readPagesFrom(workspace, from, PAGES_AT_ONCE);
  return pages.filter(({ page }) => comparePositions({ page, index: 0 }, until) < 0);
}

/** Indexes of a page that lie in the window: from the first to before the second. */
function indexesOn(page: Page, { start, until }: ReplayWindow): [number, number] {
  return [
    page.page === start.page ? start.index : 0,
    page.page === until.page ? until.index : Number.POSITIVE_INFINITY,
  ];
}

/** Events of its first pages that the window leaves out: those of other times, and those that have expired. There may be more. */
async function leftOutAtStart(
  workspace: string,
  window: ReplayWindow,
  since: string,
  journal: Pick<JournalStore, "readPagesFrom">,
): Promise<number> {
  const pages = await pagesOf(workspace, window, window.start.page, journal);
  return pages.reduce((sum, page) => {
    const [from, until] = indexesOn(page, window);
    const all = Math.min(eventsOn(page), until) - from;
    return (
      sum + all - insideOn(page, window, since).reduce((events, { begin, end }) => events + end - begin, 0)
    );
  }, 0);
}

/** What the window holds of one entry: its events from `begin` to before `end`. */
interface Inside {
  reference: EntryReference;
  begin: number;
  end: number;
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

async function wantedOn(
  page: Page,
  window: ReplayWindow,
  rules: CountRules,
  entries: Pick<EntryStore, "readEntries">,
): Promise<number> {
  const inside = insideOn(page, window, rules.since);
  const found = await entries.readEntries(
    rules.destination.workspace,
    inside.map(({ reference }) => reference),
  );
  return inside.reduce((sum, { reference, begin, end }) => {
    const entry = found.get(reference.entry);
    if (entry === undefined) return reference.expiresAt * 1000 > rules.now ? sum + end - begin : sum;
    const lines = linesOf(entry).slice(begin, end);
    return sum + lines.filter((line) => isWanted(line, rules)).length;
  }, 0);
}

function isWanted(line: string, { destination, eventTypePrefix }: CountRules): boolean {
  if (isOwnFailure(Buffer.from(line), destination.destination, eventTypePrefix)) return false;
  const { eventTypes } = destination;
  return eventTypes.length === 0 || wantsType(eventTypes, recordedEventSchema.parse(JSON.parse(line)).type);
}
