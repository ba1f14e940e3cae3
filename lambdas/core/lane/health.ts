import { expiredOn } from "../retention/expired-events.ts";
import { type Lane, outcomeOf } from "./lane.ts";
import { comparePositions } from "./close-number.ts";
import type { Page, Position } from "../journal/page.ts";

/** A destination's health as the API shows it. */
export interface Health {
  status: "new" | "healthy" | "failing" | "suspended" | "disabled";
  lastDelivery: Omit<NonNullable<Lane["lastDelivery"]>, "beforeSplit"> | null;
  failingSince: string | null;
  consecutiveFailures: number;
  /** When the oldest event still to be looked at was recorded; `null` when the lane has looked at all that has not expired. */
  oldestUndeliveredAt: string | null;
  /** Events behind the cursor that have not expired; an upper bound where a filter leaves some out. */
  behindEvents: number;
}

/**
 * What is left of the journal for a lane. `newest` is the newest page, `next` the first existing one from the cursor's page on;
 * pages before `next` whose events have all expired may be left out.
 */
export interface JournalEnds {
  newest: Page | undefined;
  next: Page | undefined;
}

/** What the workspace may still see and do: what was recorded before `since` (a timestamp) has expired. */
export interface Permitted {
  since: string;
  forwards: boolean;
}

export function healthOf(lane: Lane, ends: JournalEnds, { since, forwards }: Permitted): Health {
  return {
    status: statusOf(lane, forwards),
    lastDelivery: lastDeliveryOf(lane),
    failingSince: lane.failingSince ?? null,
    consecutiveFailures: lane.consecutiveFailures,
    oldestUndeliveredAt: oldestUndeliveredAt(lane.cursor, ends.next, since) ?? null,
    behindEvents: eventsBehind(lane.cursor, ends, since),
  };
}

/** By the last answer: enabling a destination again forgets since when it failed, and proves nothing. Nor does a split. */
function statusOf(lane: Lane, forwards: boolean): Health["status"] {
  const { status, failingSince } = lane;
  if (status === "suspended") return "suspended";
  if (status !== "live" || !forwards) return "disabled";
  if (failingSince !== undefined) return "failing";
  const outcome = outcomeOf(lane);
  if (outcome === undefined) return "new";
  return outcome === "delivered" ? "healthy" : "failing";
}

function lastDeliveryOf({ lastDelivery }: Lane): Health["lastDelivery"] {
  if (lastDelivery === undefined) return null;
  const { beforeSplit: _, ...shown } = lastDelivery;
  return shown;
}

export function countOf(page: Page): number {
  return page.entries.reduce((sum, { count }) => sum + count, 0);
}

/**
 * Events from a position up to the end of the journal. Pages that a purge removed count no more, nor does what has expired up to
 * `next`; behind it there is little of that, since pages follow the time of record closely.
 */
function eventsBehind(cursor: Position, { newest, next }: JournalEnds, since: string): number {
  if (newest === undefined || next === undefined || next.page > newest.page) return 0;
  return Math.max(0, newest.total - next.total + waitingOn(next, cursor, since));
}

/** Events of a page, not before the cursor's, that have not expired and may still be delivered. */
export function waitingOn(page: Page, cursor: Position, since: string): number {
  const from = page.page === cursor.page ? cursor.index : 0;
  return Math.max(0, countOf(page) - from) - expiredOn(page, since, from);
}

/** When the first event from the cursor on was recorded that has not expired, as far as `next` tells. */
export function oldestUndeliveredAt(
  cursor: Position,
  next: Page | undefined,
  since = "",
): string | undefined {
  if (next === undefined) return undefined;
  const from = next.page === cursor.page ? cursor.index : 0;
  let end = 0;
  for (const { count, recordedAt } of next.entries) {
    end += count;
    if (from < end && recordedAt >= since) return recordedAt;
  }
  return undefined;
}

/** Whether a lane has something to do: a frozen delivery counts, whatever the journal says. */
export function isBehind(lane: Pick<Lane, "cursor" | "frozen">, newest: Page | undefined): boolean {
  if (lane.frozen !== undefined) return true;
  if (newest === undefined) return false;
  return comparePositions(lane.cursor, { page: newest.page, index: countOf(newest) }) < 0;
}
