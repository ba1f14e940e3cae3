import { beforeEach, describe, expect, it } from "vitest";
import { toTimestamp } from "../../../../lambdas/core/base/clock.ts";
import { answered, DST, LaneWorld, LIVE, WS } from "../../../helpers/in-memory-lanes.ts";
import { disable, enable, newLaneRow, skip } from "../../../helpers/lane-rows.ts";

let world: LaneWorld;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const refuseAll = (statusCode: number): void => void (world.answer = () => answered(statusCode));

beforeEach(async () => {
  world = new LaneWorld();
  await world.record(["a"]);
});

describe("an owner", () => {
  const kinds = (): string[] => world.notices.map(({ kind }) => kind);
  const attempt = async (afterMs: number): Promise<void> => {
    world.now += afterMs;
    world.change((lane) => ({ ...lane, nextAttemptAt: undefined, dueShard: undefined }));
    await world.run();
  };

  it("hears of failing after five minutes, then hourly, and of its end", async () => {
    refuseAll(500);
    await attempt(0);
    await attempt(4 * MINUTE);
    expect(kinds()).toEqual([]);
    await attempt(MINUTE);
    await attempt(30 * MINUTE);
    expect(kinds()).toEqual(["failing"]);
    await attempt(30 * MINUTE);
    expect(kinds()).toEqual(["failing", "failing"]);
    expect(world.notices[1]).toMatchObject({ reason: "HTTP 500", failingSince: world.lane().failingSince });
    world.answer = () => answered(200);
    await attempt(MINUTE);
    expect(kinds()).toEqual(["failing", "failing", "recovered"]);
  });

  describe.each<[string, () => Promise<void>]>([
    ["was skipped", async () => world.change(skip)],
    ["is not wanted any more", async () => world.patch({ eventTypes: ["pro.atmos.billing.b"] })],
    ["expired", async () => world.expire({ entries: true, pages: false })],
  ])("of what %s", (_what, end) => {
    it("hears no more, and of the next refusal as of another failing", async () => {
      refuseAll(500);
      await attempt(0);
      await attempt(4 * MINUTE);
      world.answer = () => answered(200);
      await end();
      await attempt(0);
      expect(world.lane()).toMatchObject({ consecutiveFailures: 0, failingSince: undefined });
      await world.record(["b"]);
      refuseAll(500);
      await attempt(10 * MINUTE);
      expect(kinds()).toEqual([]);
      const since = toTimestamp(world.now);
      await attempt(5 * MINUTE);
      expect(world.notices).toMatchObject([{ kind: "failing", failingSince: since }]);
    });

    it("but heard of it hears of its end with the next 2xx, and of another failing after the hour", async () => {
      refuseAll(500);
      await attempt(0);
      await attempt(5 * MINUTE);
      await end();
      await attempt(0);
      await world.record(["b"]);
      for (const minutes of [1, 10, 40]) await attempt(minutes * MINUTE);
      expect(kinds()).toEqual(["failing"]);
      await attempt(9 * MINUTE);
      expect(kinds()).toEqual(["failing", "failing"]);
      world.answer = () => answered(200);
      await attempt(MINUTE);
      expect(kinds()).toEqual(["failing", "failing", "recovered"]);
    });
  });

  it.each([
    [401, "credentials"],
    [403, "credentials"],
    [415, "format"],
  ])("hears of %i at once, with what is wrong: %s", async (statusCode, advice) => {
    refuseAll(statusCode);
    await attempt(0);
    expect(world.notices).toMatchObject([{ kind: "failing", advice }]);
  });

  it("hears of a receiver that says no and yes by turns once an hour, and of each end that it heard the beginning of", async () => {
    world.answer = () => answered(world.received.length % 2 === 0 ? 200 : 401);
    const heard: string[] = [];
    for (let minute = 0; minute < 180; minute++) {
      await world.record(["a"]);
      await attempt(minute === 0 ? 0 : MINUTE);
      for (const { kind } of world.notices.splice(0)) heard.push(`${Math.floor(minute / 60)} ${kind}`);
    }
    expect(world.received.length).toBeGreaterThan(180);
    expect(heard).toEqual(["0", "1", "2"].flatMap((hour) => [`${hour} failing`, `${hour} recovered`]));
  });

  it("hears of advice that is new to a failing it was told of, once, before the hour is over", async () => {
    refuseAll(500);
    await attempt(0);
    await attempt(5 * MINUTE);
    refuseAll(401);
    for (let times = 0; times < 3; times++) await attempt(MINUTE);
    expect(world.notices.map(({ advice }) => advice)).toEqual([undefined, "credentials"]);
    refuseAll(415);
    await attempt(MINUTE);
    refuseAll(401);
    await attempt(MINUTE);
    expect(world.notices.map(({ advice }) => advice)).toEqual([undefined, "credentials", "format"]);
  });

  it("hears at once when the receiver asks for more time than the five minutes", async () => {
    world.answer = () => answered(503, { retryAfter: "299" });
    await attempt(0);
    expect(kinds()).toEqual([]);
    world.answer = () => answered(503, { retryAfter: "43200" });
    await attempt(MINUTE);
    expect(kinds()).toEqual(["failing"]);
  });

  it("hears of each suspension, and of each failing, as a fact of its own", async () => {
    for (let times = 0; times < 2; times++) {
      refuseAll(401);
      await attempt(HOUR);
      refuseAll(410);
      await attempt(MINUTE);
      world.change(enable);
    }
    const keys = world.notices.filter(({ kind }) => kind !== "resumed").map(({ key }) => key);
    expect(kinds()).toEqual(["failing", "suspended", "resumed", "failing", "suspended"]);
    expect(new Set(keys).size).toBe(4);
  });

  it.each([401, 410])("hears of %i under the same key when the run that told died", async (statusCode) => {
    refuseAll(statusCode);
    let isDead = false;
    const turns = async (call: string): Promise<void> => {
      isDead ||= call === "tell done";
      if (isDead) throw new Error("died");
    };
    await expect(world.run({ turns })).rejects.toThrow("died");
    world.now += MINUTE;
    await world.run();
    expect(world.notices).toHaveLength(2);
    expect(world.notices[1]?.key).toBe(world.notices[0]?.key);
  });

  it("that heard of failing hears of its end also after disabling and enabling", async () => {
    refuseAll(401);
    await attempt(0);
    world.change(disable);
    world.change(enable);
    world.answer = () => answered(200);
    await attempt(MINUTE);
    expect(kinds()).toEqual(["failing", "recovered"]);
  });

  it("that heard of a suspension hears that it is over, once", async () => {
    refuseAll(401);
    await attempt(0);
    refuseAll(410);
    await attempt(MINUTE);
    world.change(enable);
    world.answer = () => answered(200);
    await attempt(MINUTE);
    expect(kinds()).toEqual(["failing", "suspended", "resumed"]);
  });

  it("that heard of nothing hears of no recovery", async () => {
    refuseAll(500);
    await attempt(0);
    world.answer = () => answered(200);
    await attempt(MINUTE);
    expect(kinds()).toEqual([]);
  });
});

describe("an owner who cannot be told", () => {
  const silenced = async (call: string): Promise<void> => {
    if (call === "tell done") throw new Error("bus is down");
  };

  it("an owner that cannot be told holds up no delivery, and is told the same with the next refusal", async () => {
    refuseAll(401);
    await world.run({ turns: silenced });
    expect(world.lane()).toMatchObject({ attempts: 1 });
    expect(world.lane().failingToldAt).toBeUndefined();
    expect(world.log.lines.map(({ message }) => message)).toContain("owner.notice-failed");
    for (let times = 0; times < 3; times++) {
      world.now += 2 * MINUTE;
      await world.run(times === 0 ? { turns: silenced } : {});
    }
    expect(world.notices.map(({ key }) => key)).toEqual(Array(3).fill(world.notices[0]?.key));
    expect(world.lane()).toMatchObject({ failingToldAt: world.notices[2]?.at, untold: undefined });
  });

  it("of a failing hears of the next one as another", async () => {
    refuseAll(401);
    await world.run({ turns: silenced });
    world.answer = () => answered(200);
    world.now += MINUTE;
    await world.run();
    refuseAll(401);
    await world.record(["b"]);
    await world.run();
    expect(world.notices.map(({ kind }) => kind)).toEqual(["failing", "failing"]);
    expect(world.notices[1]?.key).not.toBe(world.notices[0]?.key);
  });

  it("of a suspension, since the workspace lost forwarding, hears of it afterwards", async () => {
    refuseAll(410);
    await world.run({ turns: silenced });
    world.notices.length = 0;
    world.setWorkspace({ plan: "team" });
    await world.run();
    expect(world.notices).toEqual([]);
    expect(Date.parse(world.lane().nextAttemptAt ?? "")).toBeGreaterThan(world.now + MINUTE);
    world.setWorkspace({ plan: "enterprise" });
    await world.run();
    expect(world.notices).toMatchObject([{ kind: "suspended" }]);
  });

  it("of a suspension, and skips what was refused, hears of it afterwards with when the failing began", async () => {
    refuseAll(500);
    await world.run();
    const failingSince = toTimestamp(world.now);
    world.now += MINUTE;
    refuseAll(410);
    await world.run({ turns: silenced });
    world.notices.length = 0;
    world.change(skip);
    await world.run({ turns: silenced });
    expect(world.outcomes()).toEqual([[1, "skipped"]]);
    world.notices.length = 0;
    world.now = Date.parse(world.lane().nextAttemptAt ?? "");
    await world.run();
    expect(world.notices).toMatchObject([{ kind: "suspended", failingSince }]);
    expect(world.lane()).toMatchObject({ status: "suspended", consecutiveFailures: 2 });
  });

  it("of a suspension, and enables before, hears that it is over", async () => {
    refuseAll(410);
    await world.run({ turns: silenced });
    world.notices.length = 0;
    world.change(enable);
    world.answer = () => answered(200);
    await world.run();
    expect(world.notices.map(({ kind }) => kind)).toEqual(["resumed"]);
    expect(world.lane().untold).toBeUndefined();
  });

  it.each(["live", "rpl_1"])(
    "a suspension of %s is told later, by a ring of the sweep, and nothing is sent",
    async (name) => {
      const wakeUp = { ...LIVE, lane: name };
      const start = { workspace: WS, destination: DST, status: "live" as const, createdAt: "" };
      world.lanes.put(
        newLaneRow({ ...start, lane: name, cursor: { page: 1, index: 0 }, until: { page: 2, index: 0 } }),
      );
      refuseAll(410);
      await world.run({ wakeUp, turns: silenced });
      const due = world.lane(wakeUp);
      expect(due).toMatchObject({ status: "suspended", dueShard: "due" });
      world.now = Date.parse(due.nextAttemptAt ?? "");
      await world.run({ wakeUp });
      const [first, second, ...others] = world.notices;
      expect(second).toMatchObject({ kind: "suspended", key: first?.key, reason: "gone: HTTP 410" });
      for (const mark of ["dueShard", "nextAttemptAt", "untold"])
        expect(world.lane(wakeUp)[mark as "dueShard"]).toBeUndefined();
      await world.run({ wakeUp });
      expect(others).toEqual([]);
      expect(world.notices).toHaveLength(2);
      expect(world.received).toHaveLength(1);
    },
  );

  it("a run that dies when it has suspended a lane leaves its owner to be told", async () => {
    refuseAll(410);
    let isDead = false;
    const turns = async (call: string): Promise<void> => {
      isDead ||= call === "tell";
      if (isDead) throw new Error("died");
    };
    await expect(world.run({ turns })).rejects.toThrow("died");
    expect(world.notices).toEqual([]);
    expect(world.lane()).toMatchObject({ status: "suspended", dueShard: "due" });
    await world.run();
    expect(world.notices).toMatchObject([{ kind: "suspended" }]);
    expect(world.received).toHaveLength(1);
  });

  it.each([410, 200])(
    "a suspension is told although another run got %i for the same delivery meanwhile",
    async (statusCode) => {
      const reached = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<void>();
      refuseAll(statusCode);
      const late = world.run({
        turns: async (call) => {
          if (call !== "note") return;
          reached.resolve();
          await gate.promise;
        },
      });
      await reached.promise;
      refuseAll(410);
      await world.run({ turns: silenced });
      expect(world.lane()).toMatchObject({ status: "suspended", dueShard: "due" });
      const [untold] = world.notices.splice(0);
      gate.resolve();
      await late;
      const isTold = world.notices.length === 1;
      expect(world.lane().dueShard === "due").toBe(!isTold);
      await world.run();
      expect(world.notices).toMatchObject([{ kind: "suspended", key: untold?.key }]);
      expect(world.lane().status).toBe("suspended");
    },
  );
});
