import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FORMER_NAMES, LANE_ATTRIBUTES, type LaneRow } from "../../../../lambdas/core/lane/row-schema.ts";
import { laneSchema, rowOf } from "../../../../lambdas/core/lane/row.ts";
import { DST, HOUR, LaneWorld, repeat, WS } from "../../../helpers/in-memory-lanes.ts";
import { enable } from "../../../helpers/lane-rows.ts";

const FOLDER = new URL("../../../fixtures/rows/lanes/", import.meta.url);
const FORMER: Readonly<Record<string, string>> = { ...FORMER_NAMES, frozenAt: "selectedAt" };

/** Rows of lanes in each state, as the version before the states had names wrote them. Never changed: tables hold such rows. */
const ROWS = readdirSync(FOLDER).map((file): [string, LaneRow] => [
  file.replace(".json", ""),
  JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")),
]);

const asStored = (row: object): Record<string, unknown> => JSON.parse(JSON.stringify(row));

/** The same row under the names that a later version may write. */
function renamed(row: object): Record<string, unknown> {
  const entries = Object.entries(row).map(([name, value]: [string, unknown]) => [
    FORMER[name] ?? name,
    name === "frozen" ? renamed(Object(value)) : value,
  ]);
  return Object.fromEntries(entries);
}

/** A world with the journal of those rows; deliveries of replays with a rate have 100 events. */
async function worldOf(name: string, row: LaneRow): Promise<LaneWorld> {
  const world = new LaneWorld();
  for (let page = 0; page < 3; page++) {
    await world.record(repeat(/^replay-(?:capped|waiting)/.test(name) ? 100 : 4));
    world.now += 1000;
  }
  world.lanes.put(row);
  world.now += 24 * HOUR;
  return world;
}

/** Its owner enables it if nothing is sent, and it runs for as long as it has work; the lane's row then. */
async function finish(world: LaneWorld, { lane, status }: LaneRow): Promise<LaneRow> {
  const wakeUp = { workspace: WS, destination: DST, lane };
  if (status === "suspended" || status === "disabled") world.change(enable, wakeUp);
  for (let runs = 0; runs < 10; runs++) {
    await world.run({ wakeUp });
    await world.run({ wakeUp: { ...wakeUp, slow: true } });
    world.now += HOUR;
  }
  return world.lane(wakeUp);
}

describe.each(ROWS)("a row of an earlier version: %s", (_, row) => {
  it("is written again as it was read", () => {
    expect(asStored(rowOf(laneSchema.parse(row)))).toEqual(row);
  });

  it("is the same under the names of the next version", () => {
    expect(laneSchema.parse(renamed(row))).toEqual(laneSchema.parse(row));
  });

  it("has no attribute that deliver's role may not write, under either name", () => {
    const names = [row, renamed(row), rowOf(laneSchema.parse(row))].flatMap((each) => Object.keys(each));
    expect(names.filter((attribute) => !LANE_ATTRIBUTES.includes(attribute))).toEqual([]);
  });
});

const named = (isMeant: (row: LaneRow) => boolean) => ROWS.filter(([, row]) => isMeant(row));

describe("a row of an earlier version", () => {
  it.each(named(({ status }) => status === "ended"))("of %s sends nothing more", async (name, row) => {
    const world = await worldOf(name, row);
    expect(asStored(await finish(world, row))).toEqual(row);
    expect(world.received).toEqual([]);
  });

  it.each(named(({ status }) => status !== "ended"))(
    "of %s continues where it stood, and passes everything",
    async (name, row) => {
      const end = row.until ?? { page: 4, index: 0 };
      const status = row.until === undefined ? "live" : "ended";
      const after = await finish(await worldOf(name, row), row);
      expect(after).toMatchObject({ status, cursor: end });
      expect(after.frozen).toBeUndefined();
    },
  );

  it.each(named(({ frozen }) => frozen !== undefined))(
    "of %s closes its number by the delivery that was pending",
    async (name, row) => {
      const world = await worldOf(name, row);
      await finish(world, row);
      const outcome = row.skip === row.number ? "skipped" : "delivered";
      expect(world.outcomes(row.lane)[0]).toEqual([row.number, outcome]);
      expect([...world.deliveries.rows.keys()][0]).toBe(row.frozen?.id);
    },
  );
});

it("a replay's row without an end is refused", () => {
  const [, row] = ROWS.find(([name]) => name === "replay-waiting") ?? [];
  expect(laneSchema.safeParse(row).success).toBe(true);
  expect(laneSchema.safeParse({ ...row, until: undefined }).success).toBe(false);
});
