import { LAST_TIME, toTimestamp } from "../base/clock.ts";
import { newestRecordedAt, type Page } from "./page.ts";
import type { JournalStore } from "./journal-store.ts";

type SearchedJournal = Pick<JournalStore, "newestPage" | "oldestPage" | "readPage">;

/**
 * The first existing page whose `at` is not before `time` (a timestamp); `undefined` if there is none. The pages
 * between the oldest and the newest have no gaps and their `at` never decreases, so that about log2(pages) reads are
 * enough.
 */
export function findPageAt(
  workspace: string,
  time: string,
  journal: SearchedJournal,
): Promise<Page | undefined> {
  return findFirst(workspace, ({ at }) => at >= time, journal);
}

/**
 * The first existing page with an entry recorded at `time` (a timestamp) or later, however late it was journalled;
 * `undefined` if there is none. A page that holds only redriven entries is older than its neighbours, so that next to
 * one a later page may be found.
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
    // A page that was purged during the search lies before every window that can be asked for.
    if (page !== undefined && reaches(page)) found = page;
    else below = middle;
  }
  return found;
}

/**
 * The journal follows the time of record, except that concurrent posts may swap places within the duration of a request
 * (API Gateway ends one after 30 s). Searches therefore start this much later than the requested time, and the result
 * is then cut exactly.
 */
const DISORDER_MS = 60_000;

/** The time to search the journal with: no entry recorded before `time` lies after the first page found with it. */
export function searchFrom(time: string): string {
  return toTimestamp(Math.min(Date.parse(time) + DISORDER_MS, LAST_TIME));
}
