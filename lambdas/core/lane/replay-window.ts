import { findPageRecordedAt, searchFrom } from "../journal/find-page-at.ts";
import { comparePositions, type Page, type Position, eventsOn } from "../journal/page.ts";
import { isRecordedIn, type Recorded } from "../journal/recorded-window.ts";
import { placeAt, placeNow } from "./place-in-journal.ts";
import type { JournalStore } from "../journal/journal-store.ts";

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
  range: Omit<ReplayWindow, "journalled">,
  since: string,
  journal: JournalStore,
): Promise<ReplayWindow> {
  const place = await placeAt(workspace, since, journal);
  const start = comparePositions(range.start, place) < 0 ? place : range.start;
  return { ...(await between(workspace, start, range.until, journal)), recorded: range.recorded };
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
