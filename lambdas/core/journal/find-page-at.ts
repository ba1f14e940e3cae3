import type { Page } from "./page.ts";
import type { JournalStore } from "../stores.ts";

/**
 * The first remaining page whose `at` is not before `time` (a timestamp); `undefined` when there is none.
 * Pages lie between the oldest and the newest without holes, and `at` never goes back: about log2(pages) reads.
 */
export async function findPageAt(
  workspace: string,
  time: string,
  journal: Pick<JournalStore, "newestPage" | "oldestPage" | "readPage">,
): Promise<Page | undefined> {
  const newest = await journal.newestPage(workspace);
  if (newest === undefined || newest.at < time) return undefined;
  const oldest = await journal.oldestPage(workspace);
  if (oldest === undefined || oldest.at >= time) return oldest;
  let found = newest;
  let below = oldest.page;
  while (found.page - below > 1) {
    const middle = below + Math.floor((found.page - below) / 2);
    const page = await journal.readPage(workspace, middle);
    // A page that a purge has just removed lies before every window that is asked for.
    if (page !== undefined && page.at >= time) found = page;
    else below = middle;
  }
  return found;
}
