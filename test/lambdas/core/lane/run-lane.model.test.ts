import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { happenings } from "../../../helpers/lane-happenings.ts";
import { LaneModel } from "../../../helpers/lane-model.ts";

/** More of them, or others: `MODEL_RUNS=20000 PROPERTY_SEED=7`. */
const numRuns = Number(process.env["MODEL_RUNS"] ?? 1500);

describe("a lane", () => {
  it(
    "sends what each range owes, once it is wanted, in order and nothing else, whatever is interleaved, repeated, lost or killed",
    { timeout: 3_600_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(happenings, async (all) => {
          const model = new LaneModel();
          for (const one of all) await model.happen(one);
          await model.heal();
          expect(model.rules.broken).toEqual([]);
        }),
        { numRuns },
      );
    },
  );
});
