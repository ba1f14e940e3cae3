import { beforeEach, describe, expect, it } from "vitest";
import { type WakeUp, wakeUpOf } from "../../../../lambdas/core/lane/wake-up.ts";
import { answered, LaneWorld, LIVE, repeat } from "../../../helpers/in-memory-lanes.ts";
import { disable, enable, laneOf } from "../../../helpers/lane-rows.ts";

let world: LaneWorld;

beforeEach(() => {
  world = new LaneWorld();
});

describe("a slow receiver", () => {
  it("moves its lane to the slow queue after two answers over 3 s, and back after a quick one", async () => {
    for (let page = 0; page < 4; page++) await world.record(repeat(100));
    world.answer = () => answered(200, { durationMs: 9000 });
    expect(await world.run()).toEqual({ kind: "done" });
    expect(world.received).toHaveLength(2);
    expect(world.wakeUps.woken).toEqual([{ ...LIVE, slow: true }]);
    await world.run();
    expect(world.received).toHaveLength(2);
    expect(world.wakeUps.woken).toHaveLength(2);
    world.answer = () => answered(200);
    await world.run({ wakeUp: { ...LIVE, slow: true } });
    expect(world.received).toHaveLength(3);
    expect(world.wakeUps.woken.at(-1)).toEqual(LIVE);
  });

  it("stays with its queue when its owner disables and enables it during an attempt", async () => {
    world.change((lane) => ({ ...lane, slowAnswers: 2 }));
    await world.record(["a"]);
    const woken: WakeUp[] = [];
    world.answer = () => {
      world.change(disable);
      world.change(enable);
      woken.push(wakeUpOf(laneOf(world.lane())));
      return answered(200);
    };
    await world.run({ wakeUp: { ...LIVE, slow: true } });
    expect(woken).toEqual([{ ...LIVE, slow: true }]);
  });

  it("is not kept longer than the invocation has time", async () => {
    for (let page = 0; page < 4; page++) await world.record(repeat(100));
    let calls = 0;
    await world.run({ hasTime: () => calls++ < 1 });
    expect(world.received).toHaveLength(1);
    expect(world.wakeUps.woken).toEqual([LIVE]);
    expect(world.lane()).toMatchObject({ number: 2, frozen: undefined });
  });
});
