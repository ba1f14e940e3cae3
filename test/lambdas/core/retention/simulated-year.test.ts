import fc from "fast-check";
import { expect, it } from "vitest";
import { day } from "../../../helpers/year-days.ts";
import { Year } from "../../../helpers/year-model.ts";

/** Number of simulated years. `YEARS=50 PROPERTY_SEED=7` runs more of them, or others. */
const YEARS = Number(process.env["YEARS"] ?? 2);

it.each([
  { days: 365, numRuns: YEARS },
  { days: 120, numRuns: YEARS * 5 },
])(
  "exactly the events within the window are visible on each of $days days of changing plans, legal holds, ends, crashes and concurrent purges",
  { timeout: 3_600_000 },
  async ({ days, numRuns }) => {
    const all = fc.array(day, { minLength: days, maxLength: days, size: "max" });
    await fc.assert(
      fc.asyncProperty(all, async (spent) => {
        const year = new Year();
        for (const [number, one] of spent.entries()) await year.spend(number, one);
        expect(year.broken).toEqual([]);
      }),
      { numRuns, endOnFailure: process.env["YEARS"] === undefined },
    );
  },
);
