import fc from "fast-check";
import { expect, it } from "vitest";
import {
  eventsWithin,
  joinRanges,
  RANGES_MAX,
  rangesBefore,
  rangeOf,
} from "../../../../lambdas/core/journal/range.ts";

/** Number of events on each page. */
const COUNT = 4;
const PAGES = 12;
const places = fc.array(fc.record({ page: fc.integer({ min: 1, max: PAGES }), index: fc.nat(COUNT - 1) }), {
  maxLength: 80,
});
const joinAll = (all: readonly { page: number; index: number }[]) =>
  all.reduce(
    (joined, { page, index }) => joinRanges(joined, [rangeOf(page, index, COUNT)]),
    [] as ReturnType<typeof joinRanges>,
  );
const countOn = (ranges: ReturnType<typeof joinRanges>, page: number) =>
  ranges.reduce((sum, range) => sum + eventsWithin(range, { page }, COUNT), 0);

it("ranges contain each event that was added once, and no others while they are below the limit", () => {
  fc.assert(
    fc.property(places, (all) => {
      const joined = joinAll(all);
      expect(joined.length).toBeLessThanOrEqual(RANGES_MAX);
      for (let page = 1; page <= PAGES; page++) {
        const added = new Set(all.filter((one) => one.page === page).map(({ index }) => index)).size;
        const most = joined.length < RANGES_MAX ? added : COUNT;
        expect(countOn(joined, page)).toBeGreaterThanOrEqual(added);
        expect(countOn(joined, page)).toBeLessThanOrEqual(most);
      }
      expect(joinRanges(joined, joined)).toEqual(joined);
    }),
  );
});

it("the oldest ranges are joined into one when there are more than a row may hold", () => {
  const odd = Array.from({ length: RANGES_MAX + 2 }, (_, page) => ({ page: page + 1, index: 1 }));
  const joined = joinAll(odd);
  expect(joined).toHaveLength(RANGES_MAX);
  expect(joined[0]).toEqual({ from: { page: 1, index: 1 }, to: { page: 3, index: 2 } });
  expect(joined[1]?.from).toEqual({ page: 4, index: 1 });
});

it("ranges before a position end at that position", () => {
  const joined = joinAll([0, 1, 2, 3].map((index) => ({ page: 2, index })));
  expect(rangesBefore(joined, { page: 2, index: 3 })).toEqual([
    { from: { page: 2, index: 0 }, to: { page: 2, index: 3 } },
  ]);
  expect(rangesBefore(joined, { page: 2, index: 0 })).toEqual([]);
});
