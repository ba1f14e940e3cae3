import { beforeEach, describe, expect, it } from "vitest";
import { LIVE_LANE } from "../../../../lambdas/core/base/table-schema.ts";
import { placeAt, placeNow } from "../../../../lambdas/core/lane/place-in-journal.ts";
import { answered, DST, LaneWorld, LOST, WS } from "../../../helpers/in-memory-lanes.ts";
import { moveTo, newLaneRow, skip } from "../../../helpers/lane-rows.ts";

/** The traces of the protocol that are about lanes, by their numbers. */
let world: LaneWorld;

beforeEach(() => {
  world = new LaneWorld();
});

/** Lets a call through until its `nth` one, which waits; `go` frees it. */
function stallAt(call: string, nth = 1) {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  let seen = 0;
  return {
    reached: reached.promise,
    go: () => gate.resolve(),
    turn: async (name: string) => {
      if (name !== call || ++seen !== nth) return;
      reached.resolve();
      await gate.promise;
    },
  };
}

/** The process dies at a call and does nothing more. */
function dieAt(call: string, nth = 1) {
  let seen = 0;
  let isDead = false;
  return async (name: string) => {
    if (name === call && ++seen === nth) isDead = true;
    if (isDead) throw new Error("died");
  };
}

describe("trace", () => {
  it("9: a run that stops at its bound rings its lane before the ring is acknowledged", async () => {
    for (let entry = 0; entry < 40; entry++) await world.record(Array.from({ length: 100 }, () => "a"));
    expect(await world.run()).toEqual({ kind: "done" });
    expect(world.wakeUps.woken).toEqual([{ workspace: WS, destination: DST, lane: LIVE_LANE }]);
    expect(world.received.length).toBeLessThan(40);
    while (world.wakeUps.woken.pop() !== undefined) await world.run();
    expect(world.received.flatMap(({ events }) => events)).toHaveLength(4000);
  });

  it("10: a filter changed after it was read passes no event that the new one wants", async () => {
    await world.record(["a"]);
    world.setDestination({ eventTypes: ["pro.atmos.billing.a"] });
    const stall = stallAt("replaceLane");
    const run = world.run({ turns: stall.turn });
    await stall.reached;
    world.patch({ eventTypes: ["pro.atmos.billing.b"] });
    await world.record(["b"]);
    stall.go();
    await run;
    await world.run();
    expect(world.actions()).toEqual([["b"]]);
  });

  it("10: nor while the run goes on by a destination that it read before the change", async () => {
    world.setDestination({ eventTypes: ["pro.atmos.billing.a"] });
    await world.record(["a"]);
    const stall = stallAt("note done");
    const run = world.run({ turns: stall.turn });
    await stall.reached;
    world.patch({ eventTypes: ["pro.atmos.billing.b"] });
    await world.record(["b"]);
    stall.go();
    await run;
    await world.run();
    expect(world.actions()).toEqual([["a"], ["b"]]);
  });

  it("11: no crash leaves a closed number without its record", async () => {
    await world.record(["a"]);
    await expect(world.run({ turns: dieAt("note") })).rejects.toThrow("died");
    expect(world.lane()).toMatchObject({ number: 1, frozen: { number: 1 } });
    await world.run();
    expect(world.received.map(({ id }) => id)).toEqual([world.received[0]?.id, world.received[0]?.id]);
    expect(world.lane()).toMatchObject({ number: 2, previousId: world.received[0]?.id });
    expect(world.outcomes()).toEqual([[1, "delivered"]]);
  });

  it("12: the loser of a race does not turn a closed number back into a refusal", async () => {
    await world.record(["a"]);
    world.answer = () => LOST;
    const stall = stallAt("note");
    const loser = world.run({ turns: stall.turn });
    await stall.reached;
    world.answer = () => answered(200);
    await world.run();
    stall.go();
    await loser;
    expect(world.outcomes()).toEqual([[1, "delivered"]]);
    expect(world.lane()).toMatchObject({ number: 2, consecutiveFailures: 0 });
  });

  it("12: a late 2xx replaces what the number was closed as", async () => {
    await world.record(["a"]);
    const stall = stallAt("note");
    const late = world.run({ turns: stall.turn });
    await stall.reached;
    world.change(skip);
    await world.run();
    expect(world.outcomes()).toEqual([[1, "skipped"]]);
    stall.go();
    await late;
    expect(world.outcomes()).toEqual([[1, "delivered"]]);
  });

  it.each([
    ["split", () => (world.answer = () => answered(413))],
    ["re-formatted", () => world.patch({ format: "cloudevents-structured" })],
    ["filtered anew", () => world.patch({ eventTypes: ["pro.atmos.billing.b"] })],
  ])(
    "13: one number names one body although the answer was lost and the delivery is then %s",
    async (_, change) => {
      await world.record(["a", "b", "b"]);
      world.answer = () => LOST;
      await world.run();
      world.now += 60_000;
      world.answer = () => answered(200);
      change();
      await world.run();
      world.answer = () => answered(200);
      await world.run();
      const bodies = new Map<number, Set<string>>();
      for (const { number, body } of world.received)
        bodies.set(number, (bodies.get(number) ?? new Set()).add(body));
      expect([...bodies.values()].map(({ size }) => size)).toEqual([...bodies].map(() => 1));
      expect(world.received.at(-1)?.number).toBeGreaterThan(1);
      expect(world.received.at(-1)?.body).toContain(".b");
    },
  );

  it("13: nor when a part of it expires", async () => {
    await world.record(["a"]);
    world.now += 1000;
    await world.record(["b"]);
    world.answer = () => LOST;
    await world.run();
    world.setWorkspace({ history: { floor: new Date(world.now).toISOString() } });
    world.now += 60_000;
    world.answer = () => answered(200);
    await world.run();
    expect(world.actions()).toEqual([["a", "b"], ["b"]]);
    expect(world.received.map(({ number }) => number)).toEqual([1, 2]);
    expect(world.outcomes()).toEqual([
      [1, "expired"],
      [2, "delivered"],
    ]);
  });

  it("14: a skip keeps its number", async () => {
    await world.record(["a"]);
    world.answer = () => answered(500);
    await world.run();
    world.change(skip);
    world.answer = () => answered(200);
    await world.record(["b"]);
    await world.run();
    expect(world.outcomes()).toEqual([
      [1, "skipped"],
      [2, "delivered"],
    ]);
    expect(world.received.at(-1)).toMatchObject({ number: 2, previousId: world.received[0]?.id });
  });

  it("15: an entry that is missing though it has not expired is our failure, and nothing is passed", async () => {
    const entry = await world.record(["a"]);
    const key = `${WS}/${entry.entry}`;
    world.entries.entries.delete(key);
    await expect(world.run()).rejects.toThrow("missing although it has not expired");
    expect(world.lane().cursor).toEqual({ page: 1, index: 0 });
    world.entries.entries.set(key, entry);
    await world.run();
    expect(world.actions()).toEqual([["a"]]);
  });

  it("16: a lane at a page that was purged goes on with the next that is there", async () => {
    await world.record(["a"]);
    world.now += 1000;
    world.expire({ entries: true, pages: true });
    await world.record(["b"]);
    world.journal.remove(WS, 1);
    await world.run();
    expect(world.actions()).toEqual([["b"]]);
  });

  it("17: a time between two events of a page begins with that page", async () => {
    await world.record(["old"]);
    world.now += 10_000;
    const e1 = await world.record(["a"]);
    world.now += 1000;
    const between = new Date(world.now).toISOString();
    world.now += 1000;
    const e2 = await world.record(["b"]);
    const [first, second, third] = world.journal.pagesOf(WS);
    if (first === undefined || second === undefined || third === undefined) throw new Error("No pages");
    world.journal.remove(WS, 3);
    world.journal.put({
      ...second,
      at: third.at,
      total: third.total,
      entries: [...second.entries, ...third.entries],
    });
    const cursor = await placeAt(WS, between, world.journal);
    expect(cursor).toEqual({ page: 2, index: 0 });
    world.change(moveTo(cursor));
    await world.run();
    expect(world.received[0]?.events.map((id) => id.slice(4, 30))).toEqual([
      e1.entry.slice(4),
      e2.entry.slice(4),
    ]);
  });

  it("18: what is journalled after a lane was created is delivered by it", async () => {
    await world.record(["before"]);
    const cursor = await placeNow(WS, world.journal);
    await world.record(["between"]);
    const start = {
      workspace: WS,
      destination: DST,
      lane: LIVE_LANE,
      cursor,
      createdAt: new Date(world.now).toISOString(),
    };
    world.lanes.put(newLaneRow({ ...start, status: "live" }));
    await world.record(["after"]);
    await world.run();
    expect(world.actions()).toEqual([["between", "after"]]);
  });
});
