import { beforeEach, describe, expect, it } from "vitest";
import { eventId } from "../../../../lambdas/core/base/ids.ts";
import { METRIC } from "../../../../lambdas/core/base/metric-names.ts";
import { answered, HOUR, LaneWorld, MINUTE, repeat, SECRET } from "../../../helpers/in-memory-lanes.ts";
import { enable, skip } from "../../../helpers/lane-rows.ts";

let world: LaneWorld;

beforeEach(() => {
  world = new LaneWorld();
});

describe("a refusal", () => {
  beforeEach(async () => {
    await world.record(["a"]);
    world.refuseAll(500);
  });

  it("holds the ring for a short wait, and leaves it to the sweep once it has been received often", async () => {
    const end = await world.run();
    expect(end).toMatchObject({ kind: "postpone" });
    expect(world.lane()).toMatchObject({ attempts: 1, consecutiveFailures: 1, dueShard: undefined });
    world.now += MINUTE;
    expect(await world.run({ receives: 4 })).toEqual({ kind: "done" });
    expect(world.lane()).toMatchObject({ attempts: 2, dueShard: "due" });
  });

  it("leaves a long wait to the sweep", async () => {
    world.answer = () => answered(429, { retryAfter: "61" });
    expect(await world.run()).toEqual({ kind: "done" });
    expect(world.lane()).toMatchObject({
      dueShard: "due",
      nextAttemptAt: new Date(world.now + 61_000).toISOString(),
    });
    await world.run();
    expect(world.received).toHaveLength(1);
    world.now += 61_000;
    world.answer = () => answered(200);
    await world.run();
    expect(world.lane()).toMatchObject({ dueShard: undefined, nextAttemptAt: undefined, number: 2 });
  });

  it("keeps each attempt, what came of it, and when the next one is", async () => {
    await world.run();
    world.now += MINUTE;
    world.answer = () => answered(204);
    await world.run();
    const [row] = world.deliveries.rows.values();
    expect(row).toMatchObject({
      outcome: "delivered",
      number: 1,
      count: 1,
      first: { page: 1, index: 0 },
      nextAttemptAt: undefined,
    });
    expect(row?.attempts).toMatchObject([
      { attempt: 1, outcome: "retry", statusCode: 500, error: "HTTP 500", address: "203.0.113.7" },
      { attempt: 2, outcome: "delivered", statusCode: 204, error: null },
    ]);
  });

  it("suspends the lane when the schedule ends, drops nothing, and goes on when it is enabled", async () => {
    for (let attempts = 0; attempts < 60 && world.lane().status === "live"; attempts++) {
      await world.run();
      world.now = Math.max(
        world.now,
        Date.parse(world.lane().nextAttemptAt ?? new Date(world.now).toISOString()),
      );
    }
    expect(world.lane()).toMatchObject({
      status: "suspended",
      suspendedReason: "retries-exhausted",
      number: 1,
    });
    expect(world.now - Date.parse(world.lane().firstAttemptAt ?? "")).toBe(72 * HOUR);
    expect(world.notices.at(-1)).toMatchObject({ kind: "suspended", lane: "live" });
    await world.run();
    world.change(enable);
    world.answer = () => answered(200);
    await world.run();
    expect(world.notices.map(({ kind }) => kind).slice(-2)).toEqual(["suspended", "resumed"]);
    expect(world.lane()).toMatchObject({
      status: "live",
      number: 2,
      suspendedReason: undefined,
      failingSince: undefined,
    });
  });

  it("410 suspends at once", async () => {
    world.refuseAll(410);
    await world.run();
    expect(world.lane()).toMatchObject({
      status: "suspended",
      suspendedReason: "gone",
      frozen: { number: 1 },
    });
    expect(world.outcomes()).toEqual([[1, "suspend"]]);
    expect(world.metrics.counts.get(METRIC.suspensions)).toBe(1);
  });

  it("names to the sender every secret that an answer may echo, and keeps none itself", async () => {
    await world.run();
    expect(world.received[0]?.headers["X-Token"]).toBe("tok_12345678");
    expect(world.received[0]?.secrets).toEqual([SECRET, "tok_12345678"]);
    expect(world.deliveries.rows.size).toBe(1);
    expect(JSON.stringify([...world.deliveries.rows.values()])).not.toContain("tok_12345678");
    expect(JSON.stringify(world.log.lines)).not.toContain("tok_12345678");
  });
});

describe("413", () => {
  it("closes the number as split; its halves take the next two, and the first names it", async () => {
    const { entry } = await world.record(repeat(100));
    const { entry: next } = await world.record(repeat(40));
    const ids = [
      ...repeat(100).map((_, index) => eventId(entry, index)),
      ...repeat(40).map((_, index) => eventId(next, index)),
    ];
    let first = true;
    world.answer = () => {
      const statusCode = first ? 413 : 200;
      first = false;
      return answered(statusCode);
    };
    await world.run();
    expect(world.received.map(({ events }) => events.length)).toEqual([100, 50, 50, 40]);
    expect(world.outcomes()).toEqual([
      [1, "split"],
      [2, "delivered"],
      [3, "delivered"],
      [4, "delivered"],
    ]);
    const rows = [...world.deliveries.rows.values()];
    expect(rows.map(({ parent }) => parent)).toEqual([undefined, rows[0]?.delivery, undefined, undefined]);
    expect(world.received[0]?.events).toEqual(ids.slice(0, 100));
    expect(world.received.slice(1).flatMap(({ events }) => events)).toEqual(ids);
  });

  it("goes on to single events, and a single one that is always refused waits like any other", async () => {
    await world.record(["a", "b", "c"]);
    world.refuseAll(413);
    await world.run();
    expect(world.received.map(({ events }) => events.length)).toEqual([3, 2, 1]);
    expect(world.lane()).toMatchObject({ status: "live", frozen: { count: 1 }, consecutiveFailures: 1 });
    world.change(skip);
    world.answer = () => answered(200);
    await world.run();
    expect(world.actions().slice(3)).toEqual([["b"], ["c"]]);
    expect(world.outcomes().map(([, outcome]) => outcome)).toEqual([
      "split",
      "split",
      "skipped",
      "delivered",
      "delivered",
    ]);
  });

  it("lets batches grow again after successes", async () => {
    await world.record(repeat(10));
    let first = true;
    world.answer = () => {
      const statusCode = first ? 413 : 200;
      first = false;
      return answered(statusCode);
    };
    for (let page = 0; page < 10; page++) await world.record(repeat(10));
    await world.run();
    const sizes = world.received.slice(1).map(({ events }) => events.length);
    expect(sizes[0]).toBe(50);
    expect(world.lane().batchLimit).toBeGreaterThan(50);
  });
});
