import { eventsOn, comparePositions, type Page, type Position } from "../journal/page.ts";
import type { EntryReference } from "../entry/entry.ts";
import { expiredOn } from "../journal/expired-events.ts";
import { type Lane, type LastDelivery, outcomeOf } from "./state.ts";

/** A destination's health as the API shows it. */
export interface Health {
  status: "new" | "healthy" | "failing" | "suspended" | "disabled";
  lastDelivery: Omit<LastDelivery, "beforeSplit"> | null;
  failingSince: string | null;
  consecutiveFailures: number;
  /** When the oldest event still to be looked at was recorded; `null` when the lane has looked at all that has not expired. */
  oldestUndeliveredAt: string | null;
  /** Events behind the cursor that have not expired; an upper bound where a filter leaves some out, or notices that were not looked at. */
  behindEvents: number;
}

/**
 * What is left of the journal for a lane. `newest` is the newest page, `next` the first existing one from the cursor's page on;
 * pages before `next` whose events have all expired may be left out.
 */
export interface JournalEnds {
  newest: Page | undefined;
  next: Page | undefined;
  /** Pages behind `next` that were looked at, and the entries of one event on all of them that the destination is never sent: notices. */
  further?: readonly Page[];
  notices?: ReadonlySet<string>;
}

/** What the workspace may still see and do: what was recorded before `since` (a timestamp) has expired. */
export interface Permitted {
  since: string;
  forwards: boolean;
}

export function healthOf(lane: Lane, ends: JournalEnds, { since, forwards }: Permitted): Health {
  const { next, further = [], notices = new Set() } = ends;
  const waiting = [...(next === undefined ? [] : [next]), ...further].flatMap((page) =>
    waitingEntries(page, lane.cursor, since),
  );
  const owed = waiting.filter(({ entry }) => !notices.has(entry));
  return {
    status: statusOf(lane, forwards),
    lastDelivery: lastDeliveryOf(lane),
    failingSince: lane.receiver.failingSince ?? null,
    consecutiveFailures: lane.receiver.consecutiveFailures,
    oldestUndeliveredAt: owed[0]?.recordedAt ?? null,
    behindEvents: eventsBehind(lane.cursor, ends, since) - (waiting.length - owed.length),
  };
}

/** By the last answer: enabling a destination again forgets since when it failed, and proves nothing. Nor does a split. */
function statusOf(lane: Lane, forwards: boolean): Health["status"] {
  const { status, receiver } = lane;
  if (status.kind === "suspended") return "suspended";
  if (status.kind !== "live" || !forwards) return "disabled";
  if (receiver.failingSince !== undefined) return "failing";
  const outcome = outcomeOf(receiver);
  if (outcome === undefined) return "new";
  return outcome === "delivered" ? "healthy" : "failing";
}

function lastDeliveryOf({ receiver: { lastDelivery } }: Lane): Health["lastDelivery"] {
  if (lastDelivery === undefined) return null;
  const { beforeSplit: _, ...shown } = lastDelivery;
  return shown;
}

/**
 * Events from a position up to the end of the journal. Pages that a purge removed count no more, nor does what has expired up to
 * `next`; behind it there is little of that, since pages follow the time of record closely.
 */
export function eventsBehind(cursor: Position, { newest, next }: JournalEnds, since: string): number {
  if (newest === undefined || next === undefined || next.page > newest.page) return 0;
  return Math.max(0, newest.total - next.total + waitingOn(next, cursor, since));
}

/** Events of a page, not before the cursor's, that have not expired and may still be delivered. */
export function waitingOn(page: Page, cursor: Position, since: string): number {
  const from = page.page === cursor.page ? cursor.index : 0;
  return Math.max(0, eventsOn(page) - from) - expiredOn(page, since, from);
}

/** The entries that these are of. */
export function waitingEntries(page: Page, cursor: Position, since: string): EntryReference[] {
  const from = page.page === cursor.page ? cursor.index : 0;
  let end = 0;
  return page.entries.filter(({ count, recordedAt }) => {
    end += count;
    return from < end && recordedAt >= since;
  });
}

/** When the first event from the cursor on was recorded, as far as `next` tells. */
export function oldestUndeliveredAt(cursor: Position, next: Page | undefined): string | undefined {
  return next && waitingEntries(next, cursor, "")[0]?.recordedAt;
}

/** Whether a lane has something to do: a pending batch counts, whatever the journal says. */
export function isBehind(lane: Pick<Lane, "cursor" | "pending">, newest: Page | undefined): boolean {
  if (lane.pending !== undefined) return true;
  if (newest === undefined) return false;
  return comparePositions(lane.cursor, { page: newest.page, index: eventsOn(newest) }) < 0;
}
