import * as z from "zod/mini";
import { comparePositions, type Page, type Position, positionSchema } from "./page.ts";

/** Events of the journal from `from` to before `to`; at the end of a page `to` is the start of the next. */
export const stretchSchema = z.object({ from: positionSchema, to: positionSchema });
export type Stretch = z.infer<typeof stretchSchema>;

/** More than these would be much for a lane's row. The oldest become one, over what lies between them: their pages go first. */
export const STRETCHES_MAX = 12;

/** The stretch of one event of a page with `count` events. */
export function stretchOf(page: number, index: number, count: number): Stretch {
  const to = index + 1 < count ? { page, index: index + 1 } : { page: page + 1, index: 0 };
  return { from: { page, index }, to };
}

/** In order, without overlaps: adding what was there before adds nothing. */
export function joinStretches(some: readonly Stretch[], more: readonly Stretch[]): Stretch[] {
  const joined: Stretch[] = [];
  for (const next of [...some, ...more].toSorted((a, b) => comparePositions(a.from, b.from))) {
    const last = joined.at(-1);
    if (last === undefined || comparePositions(last.to, next.from) < 0) joined.push(next);
    else joined.splice(-1, 1, { from: last.from, to: later(last.to, next.to) });
  }
  const [first] = joined;
  const last = joined.at(-STRETCHES_MAX);
  if (first === undefined || last === undefined) return joined;
  return [{ from: first.from, to: last.to }, ...joined.slice(1 - STRETCHES_MAX)];
}

/** What of them lies before `position`. */
export function stretchesBefore(stretches: readonly Stretch[], position: Position): Stretch[] {
  return stretches
    .filter(({ from }) => comparePositions(from, position) < 0)
    .map(({ from, to }) => ({ from, to: comparePositions(to, position) < 0 ? to : position }));
}

/** Events of the page, of `count` in all, that lie within a stretch. */
export function eventsWithin(stretch: Stretch, { page }: Pick<Page, "page">, count: number): number {
  const { from, to } = stretch;
  if (from.page > page || to.page < page) return 0;
  const first = from.page === page ? from.index : 0;
  const end = to.page === page ? Math.min(to.index, count) : count;
  return Math.max(0, end - first);
}

function later(a: Position, b: Position): Position {
  return comparePositions(a, b) < 0 ? b : a;
}
