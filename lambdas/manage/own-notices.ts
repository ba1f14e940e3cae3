import { unpackBody } from "../core/entry/entry-body.ts";
import type { Page } from "../core/journal/page.ts";
import { eventsBehind, type JournalEnds, waitingEntries } from "../core/lane/health.ts";
import type { Lane } from "../core/lane/lane.ts";
import { isOwnFailure } from "../core/lane/owner-notice.ts";
import type { ManageDependencies } from "./dependencies.ts";

/** So many events are looked at, and as many pages. */
const MAX_LOOKED_AT = 100;

/**
 * Adds the notices about its own destination that a lane has before it, which it is never sent. All of a small backlog is looked at. Of a
 * large one only what stands before its first event that does wait: a few notices more make no difference there, and where a delivery is
 * frozen the cursor stands at that event.
 */
export async function withNotices(
  lane: Lane,
  ends: JournalEnds,
  since: string,
  dependencies: ManageDependencies,
): Promise<JournalEnds> {
  const { newest, next } = ends;
  const behind = eventsBehind(lane.cursor, ends, since);
  const isSmall = behind <= MAX_LOOKED_AT;
  if (newest === undefined || next === undefined || behind === 0) return ends;
  if (!isSmall && lane.frozen !== undefined) return ends;
  const here = await noticesOn([next], lane, since, dependencies);
  const isFound = waitingEntries(next, lane.cursor, since).length > here.length;
  if (next.page === newest.page || (isFound && !isSmall)) return { ...ends, notices: new Set(here) };
  const after = await dependencies.journal.readPagesFrom(lane.workspace, next.page + 1, MAX_LOOKED_AT);
  const further = after.filter(({ page }) => page <= newest.page);
  const there = await noticesOn(further, lane, since, dependencies);
  return { ...ends, further, notices: new Set([...here, ...there]) };
}

/** A notice is the only event of its entry. */
async function noticesOn(
  pages: readonly Page[],
  { workspace, destination, cursor }: Lane,
  since: string,
  { entries, settings }: ManageDependencies,
): Promise<string[]> {
  const references = pages
    .flatMap((page) => waitingEntries(page, cursor, since))
    .filter(({ count }) => count === 1)
    .slice(0, MAX_LOOKED_AT);
  if (references.length === 0) return [];
  const found = await entries.readEntries(workspace, references);
  return [...found].flatMap(([entry, stored]) =>
    isOwnFailure(unpackBody(stored), destination, settings.eventTypePrefix) ? [entry] : [],
  );
}
