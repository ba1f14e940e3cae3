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
  /**
   * When the oldest event that the lane has not examined was recorded; `null` if it has examined all that have not
   * expired.
   */
  oldestUndeliveredAt: string | null;
  /**
   * Events after the cursor that have not expired. An upper bound if a filter excludes some, or if notices were not
   * examined.
   */
  behindEvents: number;
}

/**
 * The part of the journal that a lane has before it. `newest` is the newest page, `next` the first existing page from
 * the cursor's page on. Pages before `next` may be left out if all their events have expired.
 */
export interface JournalEnds {
  newest: Page | undefined;
  next: Page | undefined;
  /**
   * Pages after `next` that were examined, and the entries on all of these pages that hold a notice which is never sent
   * to the destination.
   */
  further?: readonly Page[];
  notices?: ReadonlySet<string>;
}

/** What the workspace may see and do now: events recorded before `since` (a timestamp) have expired. */
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

/**
 * Judged by the last answer. Enabling a destination clears since when it failed, but proves nothing, and neither does a
 * split.
 */
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
 * Number of events from a position to the end of the journal. It leaves out purged pages and events before `next` that
 * have expired. After `next` few have expired, since pages closely follow the time of record.
 */
export function eventsBehind(cursor: Position, { newest, next }: JournalEnds, since: string): number {
  if (newest === undefined || next === undefined || next.page > newest.page) return 0;
  return Math.max(0, newest.total - next.total + waitingOn(next, cursor, since));
}

/** Number of events of a page, from the cursor on, that have not expired and may still be delivered. */
export function waitingOn(page: Page, cursor: Position, since: string): number {
  const from = page.page === cursor.page ? cursor.index : 0;
  return Math.max(0, eventsOn(page) - from) - expiredOn(page, since, from);
}

/** The entries of these events. */
export function waitingEntries(page: Page, cursor: Position, since: string): EntryReference[] {
  const from = page.page === cursor.page ? cursor.index : 0;
  let end = 0;
  return page.entries.filter(({ count, recordedAt }) => {
    end += count;
    return from < end && recordedAt >= since;
  });
}

/** When the first event from the cursor on was recorded, as far as `next` shows it. */
export function oldestUndeliveredAt(cursor: Position, next: Page | undefined): string | undefined {
  return next && waitingEntries(next, cursor, "")[0]?.recordedAt;
}

/** Whether a lane has anything to do. A pending batch counts, whatever the journal contains. */
export function isBehind(lane: Pick<Lane, "cursor" | "pending">, newest: Page | undefined): boolean {
  if (lane.pending !== undefined) return true;
  if (newest === undefined) return false;
  return comparePositions(lane.cursor, { page: newest.page, index: eventsOn(newest) }) < 0;
}
