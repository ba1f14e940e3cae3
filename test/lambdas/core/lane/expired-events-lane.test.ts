import { beforeEach, describe, expect, it } from "vitest";
import { answered, DST, HOUR, LaneWorld, LIVE, MINUTE, WS } from "../../../helpers/in-memory-lanes.ts";
import { moveTo, newLaneRow } from "../../../helpers/lane-rows.ts";

let world: LaneWorld;

beforeEach(() => {
  world = new LaneWorld();
});

describe("what has expired", () => {
  it("is not delivered, whether or not it was removed, and does not hold the lane up", async () => {
    await world.record(["a"]);
    await world.record(["b"]);
    world.now += 1;
    world.expire({ entries: false, pages: false });
    await world.record(["c"]);
    await world.run();
    expect(world.actions()).toEqual([["c"]]);
  });

  it("is remembered where it lay, however often the lane comes to it, until the lane is moved back before it", async () => {
    for (let page = 0; page < 3; page++) {
      await world.record(["a", "b"]);
      world.now += 1000;
    }
    world.refuseAll(500);
    await world.run();
    expect(world.lane().lapsed).toBeUndefined();
    for (const page of [1, 2]) {
      world.setWorkspace({ history: { floor: world.journal.pagesOf(WS)[page]?.at } });
      world.now += HOUR;
      await world.run();
      expect(world.lane().lapsed).toEqual([
        { from: { page: 1, index: 0 }, to: { page: page + 1, index: 0 } },
      ]);
    }
    world.answer = () => answered(200);
    world.now += HOUR;
    await world.run();
    expect(world.actions().at(-1)).toEqual(["a", "b"]);
    const moved = moveTo({ page: 2, index: 0 })(world.lane());
    expect(moved.lapsed).toEqual([{ from: { page: 1, index: 0 }, to: { page: 2, index: 0 } }]);
  });

  it("is nothing that a replay remembers", async () => {
    await world.record(["a"]);
    world.now += 1;
    const wakeUp = { ...LIVE, lane: "rpl_1" };
    const facts = { workspace: WS, destination: DST, lane: "rpl_1", status: "live", createdAt: "" } as const;
    world.lanes.put(newLaneRow({ ...facts, cursor: { page: 1, index: 0 }, until: { page: 2, index: 0 } }));
    world.expire({ entries: false, pages: false });
    await world.run({ wakeUp });
    expect(world.lane(wakeUp)).toMatchObject({ status: "ended" });
    expect(world.lane(wakeUp).lapsed).toBeUndefined();
  });

  it("ends a frozen delivery, whose schedule goes on under the next number", async () => {
    await world.record(["a"]);
    world.now += 1000;
    await world.record(["b"]);
    world.refuseAll(500);
    await world.run();
    const { firstAttemptAt } = world.lane();
    world.setWorkspace({ history: { floor: new Date(world.now).toISOString() } });
    world.now += MINUTE;
    await world.run();
    expect(world.lane()).toMatchObject({ firstAttemptAt, attempts: 2, frozen: { number: 2, count: 1 } });
  });
});

describe("a schedule", () => {
  it.each([
    ["unwanted events come after it", async () => void (await world.record(["a"], { category: "other" }))],
    ["nothing comes after it", async () => undefined],
  ])("ends with what expired, when %s: a later refusal suspends nothing", async (_, follow) => {
    world.setDestination({ eventTypes: ["pro.atmos.billing.*"] });
    await world.record(["a"]);
    world.refuseAll(503);
    await world.run();
    world.now += HOUR;
    world.expire({ entries: false, pages: false });
    await follow();
    await world.run();
    expect(world.outcomes()).toEqual([[1, "expired"]]);
    expect(world.lane()).toMatchObject({ number: 2, attempts: 0 });
    expect(world.lane().firstAttemptAt).toBeUndefined();
    world.now += 80 * HOUR;
    await world.record(["b"]);
    await world.run();
    expect(world.lane()).toMatchObject({ status: "live", attempts: 1, frozen: { number: 2 } });
  });

  it("ends with what expired before what is far behind it", async () => {
    world.setDestination({ eventTypes: ["pro.atmos.billing.*"] });
    await world.record(["a"]);
    world.refuseAll(503);
    await world.run();
    const { firstAttemptAt } = world.lane();
    world.now += HOUR;
    world.expire({ entries: false, pages: false });
    for (let page = 0; page < 60; page++) await world.record(["a"], { category: "other" });
    await world.record(["b"]);
    await world.run();
    expect(world.lane()).toMatchObject({ attempts: 1, frozen: { number: 2 } });
    expect(world.lane().firstAttemptAt).not.toBe(firstAttemptAt);
  });

  it("ends with what expired also at the end of the journal", async () => {
    world.change((lane) => ({ ...lane, attempts: 4, firstAttemptAt: new Date(world.now).toISOString() }));
    await world.run();
    expect(world.lane().attempts).toBe(0);
    expect(world.lane().firstAttemptAt).toBeUndefined();
    const { version } = world.lane();
    await world.run();
    expect(world.lane().version).toBe(version);
  });
});
