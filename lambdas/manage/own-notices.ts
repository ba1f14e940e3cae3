import { unpackBody } from "../core/entry/entry-body.ts";
import type { Entry, EntryReference } from "../core/entry/entry.ts";
import type { Page } from "../core/journal/page.ts";
import { eventsBehind, type JournalEnds, waitingEntries } from "../core/lane/health.ts";
import type { Lane } from "../core/lane/state.ts";
import { isOwnFailure, mayBeNotice } from "../core/lane/owner-notice.ts";
import type { ManageDependencies } from "./dependencies.ts";

/** Limits both the events and the pages that are read. */
const MAX_LOOKED_AT = 100;

/** Adds to the ends of the journal the notices about the lane's own destination, which are never delivered to it. */
export type NoticeReader = (lane: Lane, ends: JournalEnds, since: string) => Promise<JournalEnds>;

/**
 * Finds the notices that wait for lanes of one workspace; each page is read once for all of them. If a read fails,
 * notices are counted as undelivered events, as in a large backlog: a change that was made must not be reported as
 * failed.
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
      // A failing read takes seconds and the request ends after 30, so the other lanes skip it.
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

/** Caches what was read. */
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
 * Reads all of a small backlog. Of a large one, reads only up to its first event that is not a notice, because a few
 * notices more make no difference to the count. With a pending batch, the cursor already stands at such an event.
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
