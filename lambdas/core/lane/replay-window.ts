import { type Destination, wantsType } from "../destination/destination.ts";
import { linesOf } from "../entry/entry-body.ts";
import { recordedEventSchema } from "../reading/event-query.ts";
import { expiredOn } from "../retention/expired-events.ts";
import { comparePositions } from "./close-number.ts";
import type { Page, Position } from "../journal/page.ts";
import { eventsOn } from "../retention/receipt.ts";
import { endAt, placeAt } from "./start-lane.ts";
import type { EntryStore, JournalStore } from "../stores.ts";

export interface ReplayWindow {
  /** Its first event, and the place behind its last one, by page: a page at either edge may hold events outside the times asked. */
  start: Position;
  until: Position;
  /** Events in the journal between them. */
  journalled: number;
}

/** The pages that hold what was recorded from `from` to before `to` (timestamps). */
export async function replayWindow(
  workspace: string,
  from: string,
  to: string,
  journal: JournalStore,
): Promise<ReplayWindow> {
  const start = await placeAt(workspace, from, journal);
  const until = await endAt(workspace, to, journal);
  return between(workspace, start, until, journal);
}

/** What is left of a stretch of the journal: expired pages at its beginning, which may be gone, are left out. */
export async function windowOf(
  workspace: string,
  stretch: Pick<ReplayWindow, "start" | "until">,
  since: string,
  journal: JournalStore,
): Promise<ReplayWindow> {
  const place = await placeAt(workspace, since, journal);
  const start = comparePositions(stretch.start, place) < 0 ? place : stretch.start;
  return between(workspace, start, stretch.until, journal);
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

/** With a filter, events are read to be counted: no more than these. */
export const MAX_COUNTED_EVENTS = 2_000;

export interface ReplayCount {
  events: number;
  /** Otherwise the filter, or their expiry, leaves out some of them. */
  exact: boolean;
}

/** How many events of the window the destination wants, of those recorded since `since` (a timestamp): earlier ones have expired. */
export async function countWanted(
  destination: Destination,
  window: ReplayWindow,
  since: string,
  stores: { journal: Pick<JournalStore, "readPagesFrom">; entries: Pick<EntryStore, "readEntries"> },
): Promise<ReplayCount> {
  const { eventTypes, workspace } = destination;
  if (eventTypes.length === 0 || window.journalled > MAX_COUNTED_EVENTS) {
    const { expired, isAll } = await expiredAtStart(workspace, window, since, stores.journal);
    return { events: window.journalled - expired, exact: isAll && eventTypes.length === 0 };
  }
  let events = 0;
  let from = window.start.page;
  for (;;) {
    const pages = await pagesOf(workspace, window, from, stores.journal);
    for (const page of pages) events += await wantedOn(page, window, since, destination, stores.entries);
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

/**
 * Expired events that the window holds, up to the first page without any. Pages are journalled a moment after their events were
 * recorded, so several may begin with some; `isAll` is false when there might be more of them.
 */
async function expiredAtStart(
  workspace: string,
  window: ReplayWindow,
  since: string,
  journal: Pick<JournalStore, "readPagesFrom">,
): Promise<{ expired: number; isAll: boolean }> {
  const pages = await pagesOf(workspace, window, window.start.page, journal);
  let expired = 0;
  for (const page of pages) {
    const here = expiredOn(page, since, ...indexesOn(page, window));
    if (here === 0) return { expired, isAll: true };
    expired += here;
  }
  return { expired, isAll: pages.length < PAGES_AT_ONCE };
}

async function wantedOn(
  page: Page,
  window: ReplayWindow,
  since: string,
  { workspace, eventTypes }: Destination,
  entries: Pick<EntryStore, "readEntries">,
): Promise<number> {
  const [from, until] = indexesOn(page, window);
  const found = await entries.readEntries(
    workspace,
    page.entries.filter(({ recordedAt }) => recordedAt >= since),
  );
  let first = 0;
  const lines: string[] = [];
  for (const { entry, count } of page.entries) {
    const present = found.get(entry);
    const inside = (_line: string, index: number): boolean => first + index >= from && first + index < until;
    if (present !== undefined) lines.push(...linesOf(present).filter(inside));
    first += count;
  }
  return lines.filter((line) => wantsType(eventTypes, recordedEventSchema.parse(JSON.parse(line)).type))
    .length;
}
