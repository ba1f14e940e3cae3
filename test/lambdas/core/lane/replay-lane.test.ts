import { beforeEach, describe, expect, it } from "vitest";
import { answered, DST, HOUR, LaneWorld, MINUTE, repeat, WS } from "../../../helpers/in-memory-lanes.ts";
import { disable, enable, newLaneRow } from "../../../helpers/lane-rows.ts";

let world: LaneWorld;

beforeEach(() => {
  world = new LaneWorld();
});

describe("a replay", () => {
  const WAKE_UP = { workspace: WS, destination: DST, lane: "rpl_1" };
  const start = (eventsPerSecond?: number): void =>
    world.lanes.put(
      newLaneRow({
        workspace: WS,
        destination: DST,
        lane: "rpl_1",
        status: "live",
        cursor: { page: 1, index: 0 },
        until: { page: 3, index: 0 },
        createdAt: "",
        eventsPerSecond,
      }),
    );

  beforeEach(async () => {
    for (let page = 0; page < 3; page++) await world.record(repeat(100));
  });

  it("delivers its window under numbers of its own, ends, and leaves the live lane alone", async () => {
    start();
    await world.run({ wakeUp: WAKE_UP });
    expect(world.received.map(({ lane, number }) => `${lane} ${number}`)).toEqual(["rpl_1 1", "rpl_1 2"]);
    expect(world.lane(WAKE_UP)).toMatchObject({ status: "ended", cursor: { page: 3, index: 0 } });
    expect(world.lane()).toMatchObject({ number: 1, cursor: { page: 1, index: 0 } });
  });

  it("keeps to its rate, by a fresh ring for each pause", async () => {
    start(50);
    expect(await world.run({ wakeUp: WAKE_UP })).toEqual({ kind: "postpone", seconds: 2 });
    expect(world.received).toHaveLength(1);
    world.now += 2000;
    expect(await world.run({ wakeUp: WAKE_UP, receives: 4 })).toEqual({ kind: "done" });
    expect(world.received).toHaveLength(2);
    expect(world.lane(WAKE_UP).status).toBe("ended");
  });

  it("stands still while its destination is disabled, in no index, and then goes on with what it had frozen", async () => {
    start();
    world.answer = () => answered(503, { retryAfter: "600" });
    await world.run({ wakeUp: WAKE_UP });
    expect(world.lane(WAKE_UP).dueShard).toBeDefined();
    world.change(disable);
    world.now += HOUR;
    expect(await world.run({ wakeUp: WAKE_UP })).toEqual({ kind: "done" });
    expect(world.received).toHaveLength(1);
    expect(world.lane(WAKE_UP)).toMatchObject({ status: "live", number: 1, attempts: 1 });
    expect(world.lane(WAKE_UP).dueShard).toBeUndefined();
    const version = world.lane(WAKE_UP).version;
    await world.run({ wakeUp: WAKE_UP });
    expect(world.lane(WAKE_UP).version).toBe(version);
    world.change(enable);
    world.answer = () => answered(200);
    await world.run({ wakeUp: WAKE_UP });
    expect(world.received.map(({ number }) => number)).toEqual([1, 1, 2]);
    expect(world.received[1]?.id).toBe(world.received[0]?.id);
    expect(world.lane(WAKE_UP).status).toBe("ended");
  });

  it("makes at most the POST that is under way once its destination is disabled", async () => {
    start();
    world.answer = () => {
      world.change(disable);
      return answered(200);
    };
    await world.run({ wakeUp: WAKE_UP });
    expect(world.received).toHaveLength(1);
    expect(world.lane(WAKE_UP)).toMatchObject({ status: "live", number: 2 });
  });

  it("tells nobody of its refusals until it is suspended", async () => {
    start();
    world.refuseAll(401);
    await world.run({ wakeUp: WAKE_UP });
    expect(world.notices).toEqual([]);
    world.refuseAll(410);
    world.now += MINUTE;
    await world.run({ wakeUp: WAKE_UP });
    expect(world.notices).toMatchObject([{ kind: "suspended", lane: "rpl_1" }]);
  });
});
