import * as z from "zod/mini";
import { comparePositions, type Page, type Position, positionSchema } from "./page.ts";

/** The events of the journal from `from` to before `to`. At the end of a page, `to` is the start of the next page. */
export const journalRangeSchema = z.object({ from: positionSchema, to: positionSchema });
export type JournalRange = z.infer<typeof journalRangeSchema>;

/**
 * More ranges would make a lane's row too large. Beyond this number the oldest ones are merged, including what lies
 * between them, since their pages are purged first.
 */
export const RANGES_MAX = 12;

/** The range of a single event on a page with `count` events. */
export function rangeOf(page: number, index: number, count: number): JournalRange {
  const to = index + 1 < count ? { page, index: index + 1 } : { page: page + 1, index: 0 };
  return { from: { page, index }, to };
}

/** The union of both lists, in order and without overlaps. */
export function joinRanges(some: readonly JournalRange[], more: readonly JournalRange[]): JournalRange[] {
  const joined: JournalRange[] = [];
  for (const next of [...some, ...more].toSorted((a, b) => comparePositions(a.from, b.from))) {
    const last = joined.at(-1);
    if (last === undefined || comparePositions(last.to, next.from) < 0) joined.push(next);
    else joined.splice(-1, 1, { from: last.from, to: later(last.to, next.to) });
  }
  const [first] = joined;
  const last = joined.at(-RANGES_MAX);
  if (first === undefined || last === undefined) return joined;
  return [{ from: first.from, to: last.to }, ...joined.slice(1 - RANGES_MAX)];
}

/** The parts of the ranges that lie before `position`. */
export function rangesBefore(ranges: readonly JournalRange[], position: Position): JournalRange[] {
  return ranges
    .filter(({ from }) => comparePositions(from, position) < 0)
    .map(({ from, to }) => ({ from, to: comparePositions(to, position) < 0 ? to : position }));
}

/** How many events of the page, which has `count` events, lie within a range. */
export function eventsWithin(range: JournalRange, { page }: Pick<Page, "page">, count: number): number {
  const { from, to } = range;
  if (from.page > page || to.page < page) return 0;
  const first = from.page === page ? from.index : 0;
  const end = to.page === page ? Math.min(to.index, count) : count;
  return Math.max(0, end - first);
}

function later(a: Position, b: Position): Position {
  return comparePositions(a, b) < 0 ? b : a;
}
