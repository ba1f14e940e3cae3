import type { EntryReference } from "../entry/entry.ts";
import type { Page } from "./page.ts";
import type { JournalStore } from "./journal-store.ts";

/** A stream record to be journalled; `position` is its `streamPosition`. */
export interface JournalRecord {
  position: string;
  reference: EntryReference;
}

/**
 * Pages below the newest one. Each is read at most once: pages are immutable, and a page that was purged stays gone.
 */
export interface JournalView {
  newest: Page | undefined;
  read(page: number): Promise<Page | undefined>;
}

export function viewJournal(workspace: string, newest: Page | undefined, journal: JournalStore): JournalView {
  const known = new Map<number, Page | undefined>();
  if (newest !== undefined) known.set(newest.page, newest);
  return {
    newest,
    async read(page) {
      if (!known.has(page)) known.set(page, await journal.readPage(workspace, page));
      return known.get(page);
    },
  };
}

/**
 * Whether a record is in the journal. `purged` means that no existing page has it, but a purged one may have had it.
 *
 * A record above the newest page's `seq` is new. Any other is on the first page whose `seq` reaches it, or on one of
 * the later pages that took late records. A purge removes the oldest pages first.
 */
export async function findRecord(
  record: JournalRecord,
  view: JournalView,
): Promise<"new" | "journalled" | "purged"> {
  const { newest } = view;
  if (newest === undefined || record.position > newest.seq) return "new";
  const { first, purgedBefore } = await firstReaching(record.position, newest, view);
  if (holds(first, record)) return "journalled";
  let late = newest.late;
  while (late > first.page) {
    const page = await view.read(late);
    if (page === undefined) return "purged";
    if (holds(page, record)) return "journalled";
    const before = await view.read(late - 1);
    if (before === undefined) return "purged";
    late = before.late;
  }
  return purgedBefore ? "purged" : "new";
}

function holds(page: Page, record: JournalRecord): boolean {
  return page.entries.some(({ entry }) => entry === record.reference.entry);
}

interface Reached {
  first: Page;
  /** True if the page before `first` was purged: an earlier page may then have reached the position. */
  purgedBefore: boolean;
}

/**
 * Finds the first existing page whose `seq` reaches `position`. It searches backwards from the newest page with
 * doubling steps, because redelivered records are recent, then by bisection.
 */
async function firstReaching(position: string, newest: Page, view: JournalView): Promise<Reached> {
  let first = newest;
  let below = 0;
  let purgedBefore = false;
  for (let step = 1; newest.page - step > 0; step *= 2) {
    const page = await view.read(newest.page - step);
    if (page === undefined || page.seq < position) {
      below = newest.page - step;
      purgedBefore = page === undefined;
      break;
    }
    first = page;
  }
  while (first.page - below > 1) {
    const middle = below + Math.floor((first.page - below) / 2);
    const page = await view.read(middle);
    if (page !== undefined && page.seq >= position) {
      first = page;
    } else {
      below = middle;
      purgedBefore = page === undefined;
    }
  }
  return { first, purgedBefore };
}
