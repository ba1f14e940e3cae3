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
  /** Read only for a record whose page, if it had one, has been purged. */
  entries: Pick<EntryStore, "readEntries">;
  clock: Clock;
}

export interface Appended {
  pages: number;
  events: number;
}

/** Every put met a page that another writer had put first, this many times in a row. The batch comes back. */
export class JournalContendedError extends TrailcastError {
  override name = "JournalContendedError";
}

// Two appenders at once are a zombie and its retry, or a redrive: one of them wins each round, so rounds are few.
const MAX_ROUNDS = 100;

/**
 * Appends to a workspace's journal those of `records` that are not in it, in their order: the only writer of the journal.
 *
 * Safe to run twice, at once, late, and with any other cut of the same records: pages are put under their number if it is free,
 * and after a conflict the whole batch is looked up again from the newest page.
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

/** The records that the journal lacks, each once. */
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
      // A purge removes the entry before its page: one that is still there was on none of the pages that are gone.
      const present = await entries.readEntries(workspace, [record.reference]);
      found = present.has(entry) ? "new" : "journalled";
    }
    if (found === "new") missing.set(entry, record);
  }
  return [...missing.values()];
}

/**
 * Whether all of them were put; `false` when another writer took a number first.
 *
 * A number that a purge has freed would be taken again: it frees none younger than two days, and no invocation lives that long.
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

/** Groups of at most 100 events; an entry never straddles two. */
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

/** The page after `previous`; `now` in milliseconds. */
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
