import { type Clock, toTimestamp } from "../base/clock.ts";
import type { EntryReference } from "../entry/entry.ts";
import { findRecord, type JournalRecord, type JournalView, viewJournal } from "./find-in-journal.ts";
import { type Page, PAGE_MAX_EVENTS } from "./page.ts";
import { pageHash } from "./page-hash.ts";
import type { JournalStore } from "./journal-store.ts";
import type { EntryStore } from "../entry/entry-store.ts";
import { TrailcastError } from "../base/trailcast-error.ts";

export interface AppendDependencies {
  journal: JournalStore;
  /** Read only for a record that may have been on a page that was purged. */
  entries: Pick<EntryStore, "readEntries">;
  clock: Clock;
}

export interface Appended {
  pages: number;
  events: number;
}

/** Thrown when another writer put a page first this many times in a row. The stream delivers the batch again. */
export class JournalContendedError extends TrailcastError {
  override name = "JournalContendedError";
}

// Concurrent writers are an invocation that was given up with its retry, or a redrive. One of them wins each round, so
// few rounds are needed.
const MAX_ROUNDS = 100;

/**
 * Appends those of `records` that the workspace's journal does not contain, in their order. All writes to the journal
 * go through here.
 *
 * It may run twice, concurrently, late, or with the same records batched differently: a page is put only if its number
 * is free, and after a conflict the whole batch is looked up again from the newest page.
 */
export async function appendToJournal(
  workspace: string,
  records: readonly JournalRecord[],
  dependencies: AppendDependencies,
): Promise<Appended> {
  const { journal } = dependencies;
  const appended: Appended = { pages: 0, events: 0 };
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const view = viewJournal(workspace, await journal.newestPage(workspace), journal);
    const missing = await missingRecords(workspace, records, view, dependencies);
    if (await putPages(workspace, missing, view.newest, dependencies, appended)) return appended;
  }
  throw new JournalContendedError(`${MAX_ROUNDS} conflicts in a row while appending to a journal`);
}

/** The records that the journal does not contain, without repeats. */
async function missingRecords(
  workspace: string,
  records: readonly JournalRecord[],
  view: JournalView,
  { entries }: AppendDependencies,
): Promise<JournalRecord[]> {
  const missing = new Map<string, JournalRecord>();
  for (const record of records) {
    const { entry } = record.reference;
    if (missing.has(entry)) continue;
    let found = await findRecord(record, view);
    if (found === "purged") {
      // A purge removes an entry before its page. An entry that still exists was therefore on none of the pages that
      // are gone.
      const present = await entries.readEntries(workspace, [record.reference]);
      found = present.has(entry) ? "new" : "journalled";
    }
    if (found === "new") missing.set(entry, record);
  }
  return [...missing.values()];
}

/**
 * Puts the pages one after the other; `false` if another writer took a number first.
 *
 * A number that a purge has freed could be taken again. It cannot happen here: a purge removes no page younger than two
 * days, and no invocation runs that long.
 */
async function putPages(
  workspace: string,
  records: readonly JournalRecord[],
  newest: Page | undefined,
  { journal, clock }: AppendDependencies,
  appended: Appended,
): Promise<boolean> {
  let previous = newest;
  for (const group of cutPages(records)) {
    const page = nextPage(workspace, group, previous, clock());
    if ((await journal.putPage(page)) === "exists") return false;
    appended.pages += 1;
    appended.events += page.total - (previous?.total ?? 0);
    previous = page;
  }
  return true;
}

/** Groups records into pages of at most 100 events. An entry is never split over two pages. */
function cutPages(records: readonly JournalRecord[]): JournalRecord[][] {
  const groups: JournalRecord[][] = [];
  let room = 0;
  for (const record of records) {
    const { count } = record.reference;
    if (count > room) {
      groups.push([]);
      room = PAGE_MAX_EVENTS;
    }
    groups.at(-1)?.push(record);
    room -= count;
  }
  return groups;
}

function greatest(first: string, ...others: readonly string[]): string {
  return others.reduce((most, text) => (text > most ? text : most), first);
}

/** The page that follows `previous`; `now` in milliseconds. */
export function nextPage(
  workspace: string,
  records: readonly JournalRecord[],
  previous: Page | undefined,
  now: number,
): Page {
  const entries: EntryReference[] = records.map(({ reference }) => reference);
  const positions = records.map(({ position }) => position);
  const number = (previous?.page ?? 0) + 1;
  const before = previous?.seq ?? "";
  const page: Omit<Page, "hash"> = {
    workspace,
    page: number,
    at: greatest(toTimestamp(now), previous?.at ?? "", ...entries.map(({ recordedAt }) => recordedAt)),
    seq: greatest(before, ...positions),
    late: positions.some((position) => position <= before) ? number : (previous?.late ?? 0),
    total: (previous?.total ?? 0) + entries.reduce((sum, { count }) => sum + count, 0),
    previousHash: previous?.hash ?? "",
    entries,
  };
  return { ...page, hash: pageHash(page) };
}
