import { sha256 } from "../entry/build-entry.ts";
import type { Entry, EntryReference } from "../entry/entry.ts";
import { unpackBody } from "../entry/entry-body.ts";
import type { LoadedPage } from "./batch.ts";
import { eventsOn, PAGE_MAX_EVENTS, type Page, type Position } from "../journal/page.ts";
import type { JournalStore } from "../journal/journal-store.ts";
import type { EntryStore } from "../entry/entry-store.ts";
import { TrailcastError } from "../base/trailcast-error.ts";

/** The part of a journal that a run of a lane reads. Pages and entries never change, so each is read once. */
export interface JournalWindow {
  /**
   * The first existing page from the position's page on, with those of its entries from the position on that were
   * recorded no earlier than `visibleSince`; `undefined` at the end of the journal. Earlier pages are forgotten, and
   * read again if the position moves back.
   */
  load(position: Position, visibleSince: string): Promise<LoadedPage | undefined>;
  /** Starts to load what the next call will need. */
  readAhead(position: Position, visibleSince: string): void;
}

/** Thrown when the stored bytes of an entry do not match the hash in its page. */
export class AlteredEntryError extends TrailcastError {
  override name = "AlteredEntryError";
  constructor(entry: string) {
    super(`Entry ${entry} does not have the hash that its page names`);
  }
}

const PAGES_A_QUERY = 20;
/**
 * Entries are read together: small ones up to the size of one delivery, large ones up to this many uncompressed bytes.
 */
const LOAD_MAX_BYTES = 2_000_000;

export interface WindowStores {
  journal: Pick<JournalStore, "readPagesFrom">;
  entries: Pick<EntryStore, "readEntries">;
}

export function createJournalWindow(workspace: string, stores: WindowStores): JournalWindow {
  let pages: Page[] = [];
  let isAtEnd = false;
  /** The first page that the window still holds. */
  let start = 0;
  const events = new Map<string, readonly Uint8Array[] | "absent">();
  let ahead: Promise<unknown> = Promise.resolve();

  // Moves back, because a refused or split delivery is read again after its run has read ahead.
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
      // At the end of the journal there is nothing to read ahead.
      if (isAtEnd && !pages.some(({ page }) => page >= position.page)) return;
      // A failure here is ignored; it occurs again when the same page is loaded for use.
      ahead = ensure(position, visibleSince).catch(() => undefined);
    },
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** The references from the one that contains the position on, each with its page. */
function referencesFrom(pages: readonly Page[], position: Position): (EntryReference & { page: number })[] {
  return pages.flatMap(({ page, entries }) => {
    let end = 0;
    return entries.flatMap((reference) => {
      end += reference.count;
      return page === position.page && end <= position.index ? [] : [{ ...reference, page }];
    });
  });
}

/** All references of the first page, and those of further pages while they are small. */
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

/** The recorded bytes of each event, after they were checked against the hash in the page. */
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
