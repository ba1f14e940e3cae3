import * as z from "zod/mini";
import { comparePositions, type Page, type Position, positionSchema } from "./page.ts";

/** Events of the journal from `from` to before `to`; at the end of a page `to` is the start of the next. */
export const journalRangeSchema = z.object({ from: positionSchema, to: positionSchema });
export type JournalRange = z.infer<typeof journalRangeSchema>;

/** More than these would be much for a lane's row. The oldest become one, over what lies between them: their pages go first. */
export const RANGES_MAX = 12;

/** The stretch of one event of a page with `count` events. */
export function rangeOf(page: number, index: number, count: number): JournalRange {
  const to = index + 1 < count ? { page, index: index + 1 } : { page: page + 1, index: 0 };
  return { from: { page, index }, to };
}

/** In order, without overlaps: adding what was there before adds nothing. */
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

/** What of them lies before `position`. */
export function rangesBefore(ranges: readonly JournalRange[], position: Position): JournalRange[] {
  return ranges
    .filter(({ from }) => comparePositions(from, position) < 0)
    .map(({ from, to }) => ({ from, to: comparePositions(to, position) < 0 ? to : position }));
}

/** Events of the page, of `count` in all, that lie within a stretch. */
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
