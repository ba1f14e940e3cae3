import { sha256 } from "../entry/build-entry.ts";
import type { Entry, EntryReference } from "../entry/entry.ts";
import { unpackBody } from "../entry/entry-body.ts";
import type { LoadedPage } from "./batch.ts";
import { eventsOn, PAGE_MAX_EVENTS, type Page, type Position } from "../journal/page.ts";
import type { JournalStore } from "../journal/journal-store.ts";
import type { EntryStore } from "../entry/entry-store.ts";
import { TrailcastError } from "../base/trailcast-error.ts";

/** The part of a journal that a run of a lane looks at. Pages and entries never change, so each is read once. */
export interface JournalWindow {
  /**
   * The first existing page from the position's page on, with its entries from the position on that were recorded no earlier than
   * `visibleSince`; `undefined` at the journal's end. Pages before it are forgotten, and read
   * again when the position goes back.
   */
  load(position: Position, visibleSince: string): Promise<LoadedPage | undefined>;
  /** Begins to load what the next call will ask for. */
  readAhead(position: Position, visibleSince: string): void;
}

/** An entry's bytes are not those that its page vouches for. */
export class AlteredEntryError extends TrailcastError {
  override name = "AlteredEntryError";
  constructor(entry: string) {
    super(`Entry ${entry} does not have the hash that its page names`);
  }
}

const PAGES_A_QUERY = 20;
/** Small entries are gathered up to one delivery's worth at a time, large ones up to so many bytes (uncompressed). */
const LOAD_MAX_BYTES = 2_000_000;

export interface WindowStores {
  journal: Pick<JournalStore, "readPagesFrom">;
  entries: Pick<EntryStore, "readEntries">;
}

export function createJournalWindow(workspace: string, stores: WindowStores): JournalWindow {
  let pages: Page[] = [];
  let isAtEnd = false;
  /** The first page that the window still knows about. */
  let start = 0;
  const events = new Map<string, readonly Uint8Array[] | "absent">();
  let ahead: Promise<unknown> = Promise.resolve();

  // A refused or split delivery is looked at again after its run has read ahead.
  const standAt = (page: number): void => {
    if (page < start) {
      pages = [];
      events.clear();
    }
    start = page;
    for (const passed of pages.filter((candidate) => candidate.page < page))
      for (const { entry } of passed.entries) events.delete(entry);
    pages = pages.filter((candidate) => candidate.page >= page);
  };

  const fill = async (page: number): Promise<void> => {
    const isEnough = sum(pages.map(eventsOn)) >= PAGE_MAX_EVENTS || isAtEnd;
    if (pages.length > 0 && isEnough) return;
    const from = Math.max(page, (pages.at(-1)?.page ?? 0) + 1);
    const more = await stores.journal.readPagesFrom(workspace, from, PAGES_A_QUERY);
    isAtEnd = more.length < PAGES_A_QUERY;
    pages.push(...more);
  };

  const ensure = async (position: Position, visibleSince: string): Promise<void> => {
    standAt(position.page);
    await fill(position.page);
    const wanted = referencesFrom(pages, position).filter(({ recordedAt }) => recordedAt >= visibleSince);
    const missing = atOnce(wanted).filter(({ entry }) => !events.has(entry));
    if (missing.length === 0) return;
    const found = await stores.entries.readEntries(workspace, missing);
    for (const reference of missing) {
      const entry = found.get(reference.entry);
      events.set(reference.entry, entry === undefined ? "absent" : eventsOf(entry, reference));
    }
  };

  return {
    async load(position, visibleSince) {
      await ahead;
      await ensure(position, visibleSince);
      const [page] = pages;
      return page === undefined ? undefined : { page, events };
    },
    readAhead(position, visibleSince) {
      // At the journal's end there is nothing to be early for.
      if (isAtEnd && !pages.some(({ page }) => page >= position.page)) return;
      // A failure shows again when the same is loaded for use.
      ahead = ensure(position, visibleSince).catch(() => undefined);
    },
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** With the page each lies in, from the entry that holds the position on. */
function referencesFrom(pages: readonly Page[], position: Position): (EntryReference & { page: number })[] {
  return pages.flatMap(({ page, entries }) => {
    let end = 0;
    return entries.flatMap((reference) => {
      end += reference.count;
      return page === position.page && end <= position.index ? [] : [{ ...reference, page }];
    });
  });
}

/** The first page's always; further pages' while they are small. */
function atOnce(references: readonly (EntryReference & { page: number })[]): readonly EntryReference[] {
  let count = 0;
  let bytes = 0;
  const first = references[0]?.page;
  return references.filter((reference) => {
    count += reference.count;
    bytes += reference.bytes;
    return reference.page === first || (count <= PAGE_MAX_EVENTS && bytes <= LOAD_MAX_BYTES);
  });
}

const NEWLINE = 0x0a;

/** Each event's bytes as they were recorded, once they prove to be those that the page hashes. */
function eventsOf(entry: Entry, reference: EntryReference): readonly Uint8Array[] {
  const body = unpackBody(entry);
  if (sha256(body) !== reference.hash) throw new AlteredEntryError(reference.entry);
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let end = body.indexOf(NEWLINE); end !== -1; end = body.indexOf(NEWLINE, start)) {
    lines.push(body.subarray(start, end));
    start = end + 1;
  }
  return [...lines, body.subarray(start)];
}
