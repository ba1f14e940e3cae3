import { eventsWithin, type JournalRange, rangesBefore } from "../journal/range.ts";
import { LIVE_LANE } from "../base/table-schema.ts";
import { type Page, eventsOn } from "../journal/page.ts";
import type { LanePosition } from "../lane/row-schema.ts";
import type { Undelivered } from "./receipt.ts";

/** For each destination: events that its lane skipped because they had expired, and events that it has not reached. */
export function undeliveredOn(pages: readonly Page[], lanes: readonly LanePosition[]): Undelivered[] {
  const owed = lanes
    .filter(({ status, lane }) => lane === LIVE_LANE && status !== "ended")
    .map(({ destination, cursor, expiredRanges = [] }) => {
      const unseen = { from: cursor, to: { page: Number.POSITIVE_INFINITY, index: 0 } };
      return { destination, events: eventsOwed([...rangesBefore(expiredRanges, cursor), unseen], pages) };
    });
  return owed.filter(({ events }) => events > 0);
}

function eventsOwed(ranges: readonly JournalRange[], pages: readonly Page[]): number {
  const perPage = pages.flatMap((page) => {
    const count = eventsOn(page);
    return ranges.map((range) => eventsWithin(range, page, count));
  });
  return perPage.reduce((sum, events) => sum + events, 0);
}
