import { unpackBody } from "../core/entry/entry-body.ts";
import type { Entry, EntryReference } from "../core/entry/entry.ts";
import type { Page } from "../core/journal/page.ts";
import { eventsBehind, type JournalEnds, waitingEntries } from "../core/lane/health.ts";
import type { Lane } from "../core/lane/state.ts";
import { isOwnFailure, mayBeNotice } from "../core/lane/owner-notice.ts";
import type { ManageDependencies } from "./dependencies.ts";

/** So many events are looked at, and as many pages. */
const MAX_LOOKED_AT = 100;

/** Adds to what is left of the journal for a lane the notices about its own destination, which it is never sent. */
export type NoticeReader = (lane: Lane, ends: JournalEnds, since: string) => Promise<JournalEnds>;

/**
 * Looks for notices before lanes of one workspace, and reads for all of them once. Where that fails the notices are counted, as in a
 * large backlog: no change that is made must look as if it had failed, and lanes are looked at above all when something is out of order.
 */
export function createNoticeReader(workspace: string, dependencies: ManageDependencies): NoticeReader {
  const reads = createReads(workspace, dependencies);
  const prefix = dependencies.settings.eventTypePrefix;
  let hasFailed = false;
  return async (lane, ends, since) => {
    if (hasFailed) return ends;
    try {
      return await withNotices(lane, ends, since, { ...reads, prefix });
    } catch (error) {
      // A read that fails takes seconds, and the request ends after 30: the others do without.
      hasFailed = true;
      dependencies.log.error("notices.unread", { workspace, destination: lane.destination }, error);
      return ends;
    }
  };
}

interface Reads {
  pagesFrom(page: number): Promise<Page[]>;
  entriesOf(references: readonly EntryReference[]): Promise<Entry[]>;
}

const keyOf = ({ entry, recordedAt }: Pick<Entry, "entry" | "recordedAt">): string =>
  `${entry} ${recordedAt}`;

/** What was read is kept. */
function createReads(workspace: string, { journal, entries }: ManageDependencies): Reads {
  const pages = new Map<number, Page[]>();
  const known = new Map<string, Entry | undefined>();
  return {
    async pagesFrom(page) {
      const read = pages.get(page) ?? (await journal.readPagesFrom(workspace, page, MAX_LOOKED_AT));
      pages.set(page, read);
      return read;
    },
    async entriesOf(references) {
      const unread = references.filter((reference) => !known.has(keyOf(reference)));
      const found = unread.length === 0 ? undefined : await entries.readEntries(workspace, unread);
      for (const reference of unread) known.set(keyOf(reference), undefined);
      for (const entry of found?.values() ?? []) known.set(keyOf(entry), entry);
      return references.flatMap((reference) => known.get(keyOf(reference)) ?? []);
    },
  };
}

/**
 * All of a small backlog is looked at. Of a large one only what stands before its first event that does wait: a few notices more make
 * no difference there, and where a batch is pending the cursor stands at that event.
 */
async function withNotices(
  lane: Lane,
  ends: JournalEnds,
  since: string,
  reads: Reads & { prefix: string },
): Promise<JournalEnds> {
  const { newest, next } = ends;
  const behind = eventsBehind(lane.cursor, ends, since);
  const isSmall = behind <= MAX_LOOKED_AT;
  if (newest === undefined || next === undefined || behind === 0) return ends;
  if (!isSmall && lane.pending !== undefined) return ends;
  const here = await noticesOn([next], lane, since, reads);
  const isFound = waitingEntries(next, lane.cursor, since).length > here.length;
  if (next.page === newest.page || (isFound && !isSmall)) return { ...ends, notices: new Set(here) };
  const after = await reads.pagesFrom(next.page + 1);
  const further = after.filter(({ page }) => page <= newest.page);
  const there = await noticesOn(further, lane, since, reads);
  return { ...ends, further, notices: new Set([...here, ...there]) };
}

async function noticesOn(
  pages: readonly Page[],
  { destination, cursor }: Lane,
  since: string,
  { entriesOf, prefix }: Reads & { prefix: string },
): Promise<string[]> {
  const references = pages
    .flatMap((page) => waitingEntries(page, cursor, since))
    .filter(mayBeNotice)
    .slice(0, MAX_LOOKED_AT);
  const found = await entriesOf(references);
  return found
    .filter((stored) => isOwnFailure(unpackBody(stored), destination, prefix))
    .map(({ entry }) => entry);
}
