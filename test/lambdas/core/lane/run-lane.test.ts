import { beforeEach, describe, expect, it } from "vitest";
import { linesOf } from "../../../../lambdas/core/entry/entry-body.ts";
import {
  answered,
  DST,
  LaneWorld,
  LIVE,
  LOST,
  MINUTE,
  repeat,
  WS,
} from "../../../helpers/in-memory-lanes.ts";

let world: LaneWorld;

beforeEach(() => {
  world = new LaneWorld();
});

describe("a run", () => {
  it("delivers all that waits in full batches, in order, the recorded bytes as they are", async () => {
    const entries = [];
    for (let page = 0; page < 5; page++) entries.push(await world.record(repeat(60)));
    await world.run();
    expect(world.received.map(({ events }) => events.length)).toEqual([100, 100, 100]);
    const lines = entries.flatMap((entry) => linesOf(entry));
    expect(lines).toHaveLength(300);
    const bodies = [lines.slice(0, 100), lines.slice(100, 200), lines.slice(200)];
    expect(world.received.map(({ body }) => body)).toEqual(bodies.map((each) => `[${each.join(",")}]`));
    expect(world.received.map(({ previousId }) => previousId)).toEqual([
      "-",
      world.received[0]?.id,
      world.received[1]?.id,
    ]);
    expect(world.lane()).toMatchObject({ cursor: { page: 6, index: 0 }, number: 4 });
    expect(await world.run()).toEqual({ kind: "done" });
    expect(world.received).toHaveLength(3);
  });

  it("sends one event a POST in the structured format", async () => {
    world.setDestination({ format: "cloudevents-structured" });
    await world.record(["a", "b"]);
    await world.run();
    expect(world.received.map(({ body }) => body.startsWith("{"))).toEqual([true, true]);
    expect(world.received[0]?.headers["content-type"]).toBe("application/cloudevents+json; charset=utf-8");
    expect(world.actions()).toEqual([["a"], ["b"]]);
  });

  it("passes what the filter leaves out without a delivery, and saves how far it came", async () => {
    world.setDestination({ eventTypes: ["pro.atmos.billing.b"] });
    await world.record(["a", "b", "a"]);
    await world.record(["a"]);
    await world.run();
    expect(world.actions()).toEqual([["b"]]);
    expect(world.lane().cursor).toEqual({ page: 3, index: 0 });
  });

  it("leaves a ring that was sent before its latest freeze to the run that froze, unless it comes back", async () => {
    await world.record(["a"]);
    const sentAt = world.now - 2 * MINUTE;
    await world.run();
    await world.record(["b"]);
    await world.run({ sentAt });
    expect(world.actions()).toEqual([["a"]]);
    await world.run({ sentAt, receives: 2 });
    expect(world.actions()).toEqual([["a"], ["b"]]);
    await world.record(["c"]);
    await world.run({ sentAt: world.now });
    expect(world.actions()).toEqual([["a"], ["b"], ["c"]]);
  });

  it("looks for a wake-up that seems up to a second older than its latest freeze: clocks differ by as much", async () => {
    await world.record(["a"]);
    const frozenAt = world.now;
    await world.run();
    await world.record(["b"]);
    await world.run({ sentAt: frozenAt - 1001 });
    expect(world.actions()).toEqual([["a"]]);
    await world.run({ sentAt: frozenAt - 1000 });
    expect(world.actions()).toEqual([["a"], ["b"]]);
  });

  it("does not tell a destination of its own failures, but others", async () => {
    await world.record(["delivery_failing"], { category: "webhook", target: DST });
    await world.record(["delivery_failing"], { category: "webhook", target: "dst_2" });
    await world.record(["delivery_skipped"], { category: "webhook", target: DST });
    await world.run();
    expect(world.actions()).toEqual([["delivery_failing", "delivery_skipped"]]);
  });

  it("writes the lane once a delivery while there is more, besides the log", async () => {
    for (let page = 0; page < 10; page++) await world.record(repeat(100));
    const calls = new Map<string, number>();
    await world.run({ turns: async (call) => void calls.set(call, (calls.get(call) ?? 0) + 1) });
    expect(world.received).toHaveLength(10);
    expect(calls.get("replaceLane")).toBe(11);
    expect(calls.get("note")).toBe(10);
    expect(calls.get("readPagesFrom")).toBe(2);
    expect(calls.get("readLane")).toBe(1);
  });

  it("does nothing for a lane that is gone, a destination that is gone or a workspace without forwarding", async () => {
    await world.record(["a"]);
    await world.run({ wakeUp: { ...LIVE, lane: "rpl_none" } });
    world.setWorkspace({ plan: "team" });
    await world.run();
    expect(world.received).toEqual([]);
    world.setWorkspace({ plan: "enterprise" });
    await world.run();
    expect(world.received).toHaveLength(1);
  });

  it("takes URL and secret of the moment for each attempt", async () => {
    await world.record(["a"]);
    world.refuseAll(500);
    await world.run();
    world.setDestination({ url: "https://new.example.com/" });
    world.now += MINUTE;
    await world.run();
    expect(world.received.map(({ url }) => url)).toEqual([
      "https://siem.example.com/in",
      "https://new.example.com/",
    ]);
    expect(world.received[1]).toMatchObject({ id: world.received[0]?.id, body: world.received[0]?.body });
  });
});

describe("when we broke", () => {
  it("what the receiver has taken is not sent again", async () => {
    await world.record(["a"]);
    const second = await world.record(["b"]);
    world.setDestination({ format: "cloudevents-structured" });
    world.entries.entries.delete(`${WS}/${second.entry}`);
    world.now += 1;
    await expect(world.run()).rejects.toThrow("missing");
    await world.run().catch(() => undefined);
    expect(world.actions()).toEqual([["a"]]);
    expect(world.lane()).toMatchObject({ number: 2, cursor: { page: 2, index: 0 } });
  });

  it("an entry whose bytes are not those of its page is not sent", async () => {
    const entry = await world.record(["a"]);
    world.entries.entries.set(`${WS}/${entry.entry}`, {
      ...entry,
      encoding: "plain",
      body: Buffer.from("{}"),
    });
    await expect(world.run()).rejects.toThrow("does not have the hash");
    expect(world.received).toEqual([]);
  });

  it("a lost answer is one more attempt of the same delivery", async () => {
    await world.record(["a"]);
    world.answer = () => LOST;
    await world.run();
    world.answer = () => answered(200);
    world.now += MINUTE;
    await world.run();
    expect(world.received[1]).toMatchObject({
      id: world.received[0]?.id,
      number: 1,
      body: world.received[0]?.body,
    });
  });
});
