import type { Lane } from "./lane.ts";
import type { Page, Position } from "./page.ts";
import { comparePositions } from "./lane-step.ts";

/** A destination's health as the API shows it. */
export interface Health {
  status: "new" | "healthy" | "failing" | "suspended" | "disabled";
  lastDelivery: NonNullable<Lane["lastDelivery"]> | null;
  failingSince: string | null;
  consecutiveFailures: number;
  /** When the oldest event still to be looked at was recorded; `null` when the lane has looked at all. */
  oldestUndeliveredAt: string | null;
  /** Events behind the cursor; an upper bound where a filter leaves some out. */
  behindEvents: number;
}

/** What is left of the journal for a lane. `newest` is the newest page, `next` the first existing one from the cursor's page on. */
export interface JournalEnds {
  newest: Page | undefined;
  next: Page | undefined;
}

export function healthOf(lane: Lane, ends: JournalEnds): Health {
  return {
    status: statusOf(lane),
    lastDelivery: lane.lastDelivery ?? null,
    failingSince: lane.failingSince ?? null,
    consecutiveFailures: lane.consecutiveFailures,
    oldestUndeliveredAt: oldestUndeliveredAt(lane.cursor, ends.next) ?? null,
    behindEvents: eventsBehind(lane.cursor, ends),
  };
}

function statusOf(lane: Lane): Health["status"] {
  if (lane.status === "suspended") return "suspended";
  if (lane.status !== "live") return "disabled";
  if (lane.failingSince !== undefined) return "failing";
  return lane.lastDelivery === undefined ? "new" : "healthy";
}

export function countOf(page: Page): number {
  return page.entries.reduce((sum, { count }) => sum + count, 0);
}

/** Events from a position up to the end of the journal. Pages that a purge removed count no more. */
export function eventsBehind(cursor: Position, { newest, next }: JournalEnds): number {
  if (newest === undefined || next === undefined || next.page > newest.page) return 0;
  return Math.max(0, newest.total - totalAt(cursor, next));
}

/** Events of the journal before a position; `next` is the first existing page from its page on. */
export function totalAt(position: Position, next: Page): number {
  const before = next.total - countOf(next);
  return next.page === position.page ? before + position.index : before;
}

/** When the event at the cursor was recorded; `next` is the first existing page from the cursor's page on. */
export function oldestUndeliveredAt(cursor: Position, next: Page | undefined): string | undefined {
  if (next === undefined) return undefined;
  let index = next.page === cursor.page ? cursor.index : 0;
  for (const { count, recordedAt } of next.entries) {
    if (index < count) return recordedAt;
    index -= count;
  }
  return undefined;
}

/** Whether a lane has something to do: a frozen delivery counts, whatever the journal says. */
export function isBehind(lane: Pick<Lane, "cursor" | "frozen">, newest: Page | undefined): boolean {
  if (lane.frozen !== undefined) return true;
  if (newest === undefined) return false;
  return comparePositions(lane.cursor, { page: newest.page, index: countOf(newest) }) < 0;
}
