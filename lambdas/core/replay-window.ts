import { type Destination, wantsType } from "./destination.ts";
import { linesOf } from "./entry-body.ts";
import { recordedEventSchema } from "./event-query.ts";
import { comparePositions } from "./lane-step.ts";
import type { Page, Position } from "./page.ts";
import { eventsOn } from "./receipt.ts";
import { endAt, placeAt } from "./start-lane.ts";
import type { EntryStore, JournalStore } from "./stores.ts";

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
  /** Otherwise the filter leaves out some of them. */
  exact: boolean;
}

/** How many events of the window the destination wants. */
export async function countWanted(
  destination: Destination,
  window: ReplayWindow,
  stores: { journal: Pick<JournalStore, "readPagesFrom">; entries: Pick<EntryStore, "readEntries"> },
): Promise<ReplayCount> {
  const { eventTypes, workspace } = destination;
  if (eventTypes.length === 0) return { events: window.journalled, exact: true };
  if (window.journalled > MAX_COUNTED_EVENTS) return { events: window.journalled, exact: false };
  let events = 0;
  let from = window.start.page;
  for (;;) {
    const pages = (await stores.journal.readPagesFrom(workspace, from, 10)).filter(
      ({ page }) => page < window.until.page,
    );
    for (const page of pages) events += await wantedOn(page, destination, stores.entries);
    const last = pages.at(-1);
    if (last === undefined) return { events, exact: true };
    from = last.page + 1;
  }
}

async function wantedOn(
  page: Page,
  { workspace, eventTypes }: Destination,
  entries: Pick<EntryStore, "readEntries">,
): Promise<number> {
  const found = await entries.readEntries(workspace, page.entries);
  const lines = [...found.values()].flatMap((entry) => linesOf(entry));
  return lines.filter((line) => wantsType(eventTypes, recordedEventSchema.parse(JSON.parse(line)).type))
    .length;
}
