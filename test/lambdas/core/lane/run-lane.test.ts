import { beforeEach, describe, expect, it } from "vitest";
import { type Ring, ringOf } from "../../../../lambdas/core/lane/lane.ts";
import {
  disableLane,
  hurryLane,
  markSkip,
  moveLane,
  newLane,
  resumeLane,
} from "../../../../lambdas/core/lane/order-lane.ts";
import { linesOf } from "../../../../lambdas/core/entry/entry-body.ts";
import { eventId } from "../../../../lambdas/core/ids.ts";
import { answered, DST, LaneWorld, LIVE, LOST, SECRET, WS } from "../../../helpers/in-memory-lanes.ts";
import { METRIC } from "../../../../lambdas/core/metric-names.ts";

let world: LaneWorld;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const numbers = (): number[] => world.received.map(({ number }) => number);
const repeat = (count: number, action = "a"): string[] => Array.from({ length: count }, () => action);
const refuseAll = (statusCode: number): void => void (world.answer = () => answered(statusCode));

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
    await world.run({ ring: { ...LIVE, lane: "rpl_none" } });
    world.setWorkspace({ plan: "team" });
    await world.run();
    expect(world.received).toEqual([]);
    world.setWorkspace({ plan: "enterprise" });
    await world.run();
    expect(world.received).toHaveLength(1);
  });

  it("takes URL and secret of the moment for each attempt", async () => {
    await world.record(["a"]);
    refuseAll(500);
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

describe("a refusal", () => {
  beforeEach(async () => {
    await world.record(["a"]);
    refuseAll(500);
  });

  it("holds the ring for a short wait, and leaves it to the sweep once it has been received often", async () => {
    const end = await world.run();
    expect(end).toMatchObject({ kind: "hold" });
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
    world.change(resumeLane);
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
    refuseAll(410);
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
    refuseAll(413);
    await world.run();
    expect(world.received.map(({ events }) => events.length)).toEqual([3, 2, 1]);
    expect(world.lane()).toMatchObject({ status: "live", frozen: { count: 1 }, consecutiveFailures: 1 });
    world.change((lane) => markSkip(lane, 3));
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

describe("a change by the owner", () => {
  it("of the format or filter recuts what is frozen under the next number", async () => {
    await world.record(["a", "b"]);
    refuseAll(500);
    await world.run();
    world.patch({ eventTypes: ["pro.atmos.billing.b"] });
    world.answer = () => answered(200);
    world.now += MINUTE;
    await world.run();
    expect(world.outcomes()).toEqual([
      [1, "recut"],
      [2, "delivered"],
    ]);
    expect(world.actions()).toEqual([["a", "b"], ["b"]]);
  });

  it("disables and resumes where it stopped, with the same number and body", async () => {
    await world.record(["a"]);
    refuseAll(500);
    await world.run();
    world.change(disableLane);
    world.now += HOUR;
    await world.run();
    expect(world.received).toHaveLength(1);
    world.change(resumeLane);
    world.answer = () => answered(200);
    await world.run();
    expect(numbers()).toEqual([1, 1]);
    expect(world.received[1]?.body).toBe(world.received[0]?.body);
  });

  it("moves the lane on; what was frozen is passed", async () => {
    await world.record(["a"]);
    refuseAll(500);
    await world.run();
    world.change((lane) => moveLane(lane, { page: 2, index: 0 }));
    await world.record(["b"]);
    world.answer = () => answered(200);
    await world.run();
    expect(world.actions()).toEqual([["a"], ["b"]]);
    expect(world.received.at(-1)).toMatchObject({ number: 2, previousId: world.received[0]?.id });
  });

  it.each([
    ["a long wait", () => answered(503, { retryAfter: "43200" }), hurryLane],
    ["a suspension", () => answered(410), hurryLane],
    ["a long wait, by enabling", () => answered(503, { retryAfter: "43200" }), resumeLane],
  ])("during an attempt is tried at once instead of %s", async (_, refusal, change) => {
    await world.record(["a"]);
    world.answer = () => {
      world.setDestination({ url: "https://mended.example.com/" });
      world.change(change);
      world.answer = () => answered(200);
      return refusal();
    };
    await world.run();
    expect(world.received.map(({ url, number }) => `${number} ${url}`)).toEqual([
      "1 https://siem.example.com/in",
      "1 https://mended.example.com/",
    ]);
    expect(world.lane()).toMatchObject({ status: "live", number: 2 });
    expect(world.notices.filter(({ kind }) => kind === "suspended")).toEqual([]);
  });

  it("before an attempt saves that one's refusal no wait", async () => {
    await world.record(["a"]);
    refuseAll(503);
    await world.run();
    world.change(hurryLane);
    world.answer = () => answered(503, { retryAfter: "43200" });
    await world.run();
    expect(world.received).toHaveLength(2);
    expect(world.lane()).toMatchObject({ attempts: 2, dueShard: "due" });
  });

  it("skips also on a lane that is suspended", async () => {
    await world.record(["a"]);
    refuseAll(410);
    await world.run();
    world.change((lane) => markSkip(lane, 1));
    await world.run();
    expect(world.lane()).toMatchObject({ status: "suspended", number: 2, cursor: { page: 2, index: 0 } });
    expect(world.outcomes()).toEqual([[1, "skipped"]]);
  });
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
    refuseAll(500);
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
    const moved = moveLane(world.lane(), { page: 2, index: 0 });
    expect(moved.lapsed).toEqual([{ from: { page: 1, index: 0 }, to: { page: 2, index: 0 } }]);
  });

  it("is nothing that a replay remembers", async () => {
    await world.record(["a"]);
    world.now += 1;
    const ring = { ...LIVE, lane: "rpl_1" };
    const facts = { workspace: WS, destination: DST, lane: "rpl_1", status: "live", createdAt: "" } as const;
    world.lanes.put(newLane({ ...facts, cursor: { page: 1, index: 0 }, until: { page: 2, index: 0 } }));
    world.expire({ entries: false, pages: false });
    await world.run({ ring });
    expect(world.lane(ring)).toMatchObject({ status: "ended" });
    expect(world.lane(ring).lapsed).toBeUndefined();
  });

  it("ends a frozen delivery, whose schedule goes on under the next number", async () => {
    await world.record(["a"]);
    world.now += 1000;
    await world.record(["b"]);
    refuseAll(500);
    await world.run();
    const { firstAttemptAt } = world.lane();
    world.setWorkspace({ history: { floor: new Date(world.now).toISOString() } });
    world.now += MINUTE;
    await world.run();
    expect(world.lane()).toMatchObject({ firstAttemptAt, attempts: 2, frozen: { number: 2, count: 1 } });
  });
});

describe("what the sweep rings", () => {
  beforeEach(async () => {
    await world.record(["a"]);
    world.answer = () => answered(503, { retryAfter: "600" });
  });

  it("is no lane that its owner disabled during the attempt", async () => {
    world.answer = () => {
      world.change(disableLane);
      return answered(503, { retryAfter: "600" });
    };
    await world.run();
    expect(world.lane()).toMatchObject({ status: "disabled", attempts: 1, consecutiveFailures: 1 });
    expect(world.lane().dueShard).toBeUndefined();
    expect(world.lane().nextAttemptAt).toBeUndefined();
  });

  it("is no lane whose workspace lost forwarding; it goes on when that returns", async () => {
    await world.run();
    expect(world.lane().dueShard).toBe("due");
    world.now += 600_000;
    world.setWorkspace({ plan: "team" });
    await world.run();
    expect(world.lane().dueShard).toBeUndefined();
    world.setWorkspace({ plan: "enterprise" });
    world.answer = () => answered(200);
    await world.run();
    expect(world.lane()).toMatchObject({ number: 2, attempts: 0 });
  });
});

describe("a schedule", () => {
  it.each([
    ["unwanted events come after it", async () => void (await world.record(["a"], { category: "other" }))],
    ["nothing comes after it", async () => undefined],
  ])("ends with what expired, when %s: a later refusal suspends nothing", async (_, follow) => {
    world.setDestination({ eventTypes: ["pro.atmos.billing.*"] });
    await world.record(["a"]);
    refuseAll(503);
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
    refuseAll(503);
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

describe("a slow receiver", () => {
  it("moves its lane to the slow queue after two answers over 3 s, and back after a quick one", async () => {
    for (let page = 0; page < 4; page++) await world.record(repeat(100));
    world.answer = () => answered(200, { durationMs: 9000 });
    expect(await world.run()).toEqual({ kind: "done" });
    expect(world.received).toHaveLength(2);
    expect(world.rings.rung).toEqual([{ ...LIVE, slow: true }]);
    await world.run();
    expect(world.received).toHaveLength(2);
    expect(world.rings.rung).toHaveLength(2);
    world.answer = () => answered(200);
    await world.run({ ring: { ...LIVE, slow: true } });
    expect(world.received).toHaveLength(3);
    expect(world.rings.rung.at(-1)).toEqual(LIVE);
  });

  it("stays with its queue when its owner disables and enables it during an attempt", async () => {
    world.change((lane) => ({ ...lane, slowAnswers: 2 }));
    await world.record(["a"]);
    const rung: Ring[] = [];
    world.answer = () => {
      world.change(disableLane);
      world.change(resumeLane);
      rung.push(ringOf(world.lane()));
      return answered(200);
    };
    await world.run({ ring: { ...LIVE, slow: true } });
    expect(rung).toEqual([{ ...LIVE, slow: true }]);
  });

  it("is not kept longer than the invocation has time", async () => {
    for (let page = 0; page < 4; page++) await world.record(repeat(100));
    let calls = 0;
    await world.run({ hasTime: () => calls++ < 1 });
    expect(world.received).toHaveLength(1);
    expect(world.rings.rung).toEqual([LIVE]);
    expect(world.lane()).toMatchObject({ number: 2, frozen: undefined });
  });
});

describe("a replay", () => {
  const RING = { workspace: WS, destination: DST, lane: "rpl_1" };
  const start = (eventsPerSecond?: number): void =>
    world.lanes.put(
      newLane({
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
    await world.run({ ring: RING });
    expect(world.received.map(({ lane, number }) => `${lane} ${number}`)).toEqual(["rpl_1 1", "rpl_1 2"]);
    expect(world.lane(RING)).toMatchObject({ status: "ended", cursor: { page: 3, index: 0 } });
    expect(world.lane()).toMatchObject({ number: 1, cursor: { page: 1, index: 0 } });
  });

  it("keeps to its rate, by a fresh ring for each pause", async () => {
    start(50);
    expect(await world.run({ ring: RING })).toEqual({ kind: "hold", seconds: 2 });
    expect(world.received).toHaveLength(1);
    world.now += 2000;
    expect(await world.run({ ring: RING, receives: 4 })).toEqual({ kind: "done" });
    expect(world.received).toHaveLength(2);
    expect(world.lane(RING).status).toBe("ended");
  });

  it("stands still while its destination is disabled, in no index, and then goes on with what it had frozen", async () => {
    start();
    world.answer = () => answered(503, { retryAfter: "600" });
    await world.run({ ring: RING });
    expect(world.lane(RING).dueShard).toBeDefined();
    world.change(disableLane);
    world.now += HOUR;
    expect(await world.run({ ring: RING })).toEqual({ kind: "done" });
    expect(world.received).toHaveLength(1);
    expect(world.lane(RING)).toMatchObject({ status: "live", number: 1, attempts: 1 });
    expect(world.lane(RING).dueShard).toBeUndefined();
    const version = world.lane(RING).version;
    await world.run({ ring: RING });
    expect(world.lane(RING).version).toBe(version);
    world.change(resumeLane);
    world.answer = () => answered(200);
    await world.run({ ring: RING });
    expect(world.received.map(({ number }) => number)).toEqual([1, 1, 2]);
    expect(world.received[1]?.id).toBe(world.received[0]?.id);
    expect(world.lane(RING).status).toBe("ended");
  });

  it("makes at most the POST that is under way once its destination is disabled", async () => {
    start();
    world.answer = () => {
      world.change(disableLane);
      return answered(200);
    };
    await world.run({ ring: RING });
    expect(world.received).toHaveLength(1);
    expect(world.lane(RING)).toMatchObject({ status: "live", number: 2 });
  });

  it("tells nobody of its refusals until it is suspended", async () => {
    start();
    refuseAll(401);
    await world.run({ ring: RING });
    expect(world.notices).toEqual([]);
    refuseAll(410);
    world.now += MINUTE;
    await world.run({ ring: RING });
    expect(world.notices).toMatchObject([{ kind: "suspended", lane: "rpl_1" }]);
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
