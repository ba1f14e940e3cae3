import { type Clock, toTimestamp } from "../base/clock.ts";
import type { Page } from "../journal/page.ts";
import { DAY_MS } from "../workspace/retention.ts";
import type { JournalStore } from "../journal/journal-store.ts";

/** After this many pages (at most 5,000 events) the purge reads the workspace again. */
export const PAGES_A_STEP = 50;
/** No younger page is removed: the stream redelivers records for 24 h, and fan-out finds repeats in the pages. */
const YOUNGEST_REMOVABLE_DAYS = 2;

/**
 * Events about retention expire too, and removing them is recorded as another such event, which would go on for ever.
 * If nothing else is due, the purge waits this long after the last receipt and for a second page, so that a receipt
 * removes more events than it adds.
 */
const INTERNAL_WAIT_DAYS = 30;
const INTERNAL_PAGES_MIN = 2;

/**
 * Whether the due pages may wait until other pages are due. A full step may be followed by other pages and does not
 * wait.
 */
export function mayWait(due: readonly Page[], lastReceiptAt: string | undefined, now: number): boolean {
  if (due.length >= PAGES_A_STEP || due.some(isOfOthers)) return false;
  const longAgo = toTimestamp(now - INTERNAL_WAIT_DAYS * DAY_MS);
  return due.length < INTERNAL_PAGES_MIN || (lastReceiptAt !== undefined && lastReceiptAt > longAgo);
}

function isOfOthers({ entries }: Page): boolean {
  return entries.some(({ retentionInternal }) => retentionInternal !== true);
}

/**
 * The next pages from `from` on that lie wholly before the limit, never the newest page of the journal. Page numbers
 * may be missing in between. Reads one page if none is due; otherwise the reads double, so that no more pages are read
 * in vain than are removed.
 */
export async function duePages(
  workspace: string,
  from: number,
  removedBefore: string,
  { journal, clock }: { journal: Pick<JournalStore, "newestPage" | "readPagesFrom">; clock: Clock },
): Promise<Page[]> {
  const youngest = toTimestamp(clock() - YOUNGEST_REMOVABLE_DAYS * DAY_MS);
  const limit = removedBefore < youngest ? removedBefore : youngest;
  const pages: Page[] = [];
  for (let step = 1; pages.length < PAGES_A_STEP; step *= 2) {
    const next = (pages.at(-1)?.page ?? from - 1) + 1;
    const some = await journal.readPagesFrom(workspace, next, Math.min(step, PAGES_A_STEP - pages.length));
    const due = some.filter(({ at }) => at < limit);
    pages.push(...due);
    if (some.length === 0 || due.length < some.length) break;
  }
  if (pages.length === 0) return pages;
  const newest = await journal.newestPage(workspace);
  return pages.filter(({ page }) => page !== newest?.page);
}

/**
 * The pages before the first missing number. No purge removed a page that is missing there, so no receipt may cover it.
 */
export function contiguousPrefix([first, ...rest]: readonly [Page, ...Page[]]): [Page, ...Page[]] {
  return [first, ...rest.filter(({ page }, place) => page === first.page + 1 + place)];
}
