import { LAST_TIME, toTimestamp } from "../base/clock.ts";
import { newestRecordedAt, type Page } from "./page.ts";
import type { JournalStore } from "./journal-store.ts";

type SearchedJournal = Pick<JournalStore, "newestPage" | "oldestPage" | "readPage">;

/**
 * The first remaining page whose `at` is not before `time` (a timestamp); `undefined` when there is none.
 * Pages lie between the oldest and the newest without holes, and `at` never goes back: about log2(pages) reads.
 */
export function findPageAt(
  workspace: string,
  time: string,
  journal: SearchedJournal,
): Promise<Page | undefined> {
  return findFirst(workspace, ({ at }) => at >= time, journal);
}

/**
 * The first remaining page with an entry that was recorded at `time` (a timestamp) or later, however late it was journalled;
 * `undefined` when there is none. A page that holds nothing but what was redriven is older than its neighbours: beside one, a later
 * page may be found.
 */
export function findPageRecordedAt(
  workspace: string,
  time: string,
  journal: SearchedJournal,
): Promise<Page | undefined> {
  return findFirst(workspace, (page) => newestRecordedAt(page) >= time, journal);
}

async function findFirst(
  workspace: string,
  reaches: (page: Page) => boolean,
  journal: SearchedJournal,
): Promise<Page | undefined> {
  const newest = await journal.newestPage(workspace);
  if (newest === undefined || !reaches(newest)) return undefined;
  const oldest = await journal.oldestPage(workspace);
  if (oldest === undefined || reaches(oldest)) return oldest;
  let found = newest;
  let below = oldest.page;
  while (found.page - below > 1) {
    const middle = below + Math.floor((found.page - below) / 2);
    const page = await journal.readPage(workspace, middle);
    // A page that a purge has just removed lies before every window that is asked for.
    if (page !== undefined && reaches(page)) found = page;
    else below = middle;
  }
  return found;
}

/**
 * The journal is in the order of record, except that posts at the same time may pass each other by as long as a request takes
 * (API Gateway ends one after 30 s). Windows are looked up this much later than asked, and then cut exactly.
 */
const DISORDER_MS = 60_000;

/** Nothing that was recorded before `time` lies behind the first page with an entry of this time of record. */
export function searchFrom(time: string): string {
  return toTimestamp(Math.min(Date.parse(time) + DISORDER_MS, LAST_TIME));
}
