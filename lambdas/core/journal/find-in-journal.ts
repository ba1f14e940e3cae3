import type { EntryReference } from "../entry/entry.ts";
import type { Page } from "./page.ts";
import type { JournalStore } from "./journal-store.ts";

/** A stream record on its way into the journal; `position` is its `streamPosition`. */
export interface JournalRecord {
  position: string;
  reference: EntryReference;
}

/** Pages below the newest, read once each: they are immutable, and one that a purge removed stays away. */
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
 * Whether a record is in the journal. `purged`: it is on no page that exists, but may have been on one that a purge removed.
 *
 * A record above the newest page's `seq` is certainly new. Any other is on the first page whose `seq` reaches it, or on one of
 * the pages after that which took late records; a purge removes pages from the oldest on.
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
  /** The page before `first` has been purged, so an earlier one may have reached the position. */
  purgedBefore: boolean;
}

/** The first existing page whose `seq` reaches `position`: by doubling steps back from the newest, since re-deliveries are recent, then by halves. */
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
