import { findPageAt } from "../journal/find-page-at.ts";
import type { Position } from "../journal/page.ts";
import type { JournalStore } from "../journal/journal-store.ts";

/** The first event of page `page`. */
function startOf(page: number): Position {
  return { page, index: 0 };
}

/**
 * Behind everything journalled so far. Read this **before** the lane is written there, ring after it and only then answer:
 * whatever is journalled in between lies behind the lane's cursor.
 */
export async function placeNow(
  workspace: string,
  journal: Pick<JournalStore, "newestPage">,
): Promise<Position> {
  const newest = await journal.newestPage(workspace);
  return startOf((newest?.page ?? 0) + 1);
}

/**
 * A time is journal time: the first event of the first remaining page with `at` not before it (a timestamp), so that no event
 * recorded since then is left out; "now" when there is no such page. Name the page in the answer.
 */
export async function placeAt(
  workspace: string,
  time: string,
  journal: Pick<JournalStore, "newestPage" | "oldestPage" | "readPage">,
): Promise<Position> {
  // Read first: a page that is journalled during the search must not end up before the place.
  const now = await placeNow(workspace, journal);
  const page = await findPageAt(workspace, time, journal);
  return page === undefined ? now : startOf(page.page);
}
