import fc from "fast-check";
import { expect, it } from "vitest";
import {
  eventsWithin,
  joinStretches,
  STRETCHES_MAX,
  stretchesBefore,
  stretchOf,
} from "../../../../lambdas/core/journal/range.ts";

/** Pages of so many events each. */
const COUNT = 4;
const PAGES = 12;
const places = fc.array(fc.record({ page: fc.integer({ min: 1, max: PAGES }), index: fc.nat(COUNT - 1) }), {
  maxLength: 80,
});
const joinAll = (all: readonly { page: number; index: number }[]) =>
  all.reduce(
    (joined, { page, index }) => joinStretches(joined, [stretchOf(page, index, COUNT)]),
    [] as ReturnType<typeof joinStretches>,
  );
const countOn = (stretches: ReturnType<typeof joinStretches>, page: number) =>
  stretches.reduce((sum, stretch) => sum + eventsWithin(stretch, { page }, COUNT), 0);

it("stretches hold each event that was added once, and no other while they are few", () => {
  fc.assert(
    fc.property(places, (all) => {
      const joined = joinAll(all);
      expect(joined.length).toBeLessThanOrEqual(STRETCHES_MAX);
      for (let page = 1; page <= PAGES; page++) {
        const added = new Set(all.filter((one) => one.page === page).map(({ index }) => index)).size;
        const most = joined.length < STRETCHES_MAX ? added : COUNT;
        expect(countOn(joined, page)).toBeGreaterThanOrEqual(added);
        expect(countOn(joined, page)).toBeLessThanOrEqual(most);
      }
      expect(joinStretches(joined, joined)).toEqual(joined);
    }),
  );
});

it("more stretches than a row is to hold become one over the oldest", () => {
  const odd = Array.from({ length: STRETCHES_MAX + 2 }, (_, page) => ({ page: page + 1, index: 1 }));
  const joined = joinAll(odd);
  expect(joined).toHaveLength(STRETCHES_MAX);
  expect(joined[0]).toEqual({ from: { page: 1, index: 1 }, to: { page: 3, index: 2 } });
  expect(joined[1]?.from).toEqual({ page: 4, index: 1 });
});

it("stretches before a place end there", () => {
  const joined = joinAll([0, 1, 2, 3].map((index) => ({ page: 2, index })));
  expect(stretchesBefore(joined, { page: 2, index: 3 })).toEqual([
    { from: { page: 2, index: 0 }, to: { page: 2, index: 3 } },
  ]);
  expect(stretchesBefore(joined, { page: 2, index: 0 })).toEqual([]);
});
