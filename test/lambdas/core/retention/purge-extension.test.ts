import { describe, expect, it } from "vitest";
import { DAY_MS, NEVER_EXPIRES } from "../../../../lambdas/core/workspace/retention.ts";
import { createRetentionWorld, type RetentionWorld, START } from "../../../helpers/retention-world.ts";

describe("a legal hold", () => {
  it("keeps what is recorded during it, even if no purge ever runs", async () => {
    for (const hold of ["pending", "held"] as const) {
      const world = createRetentionWorld({ plan: "free" });
      world.change({ hold });
      for (let day = 0; day < 5; day++) {
        world.moveTo(START + day * DAY_MS);
        await world.record();
      }
      world.moveTo(START + 100 * DAY_MS);
      world.expire(0);
      expect(world.entries.entries.size).toBe(5);
    }
  });

  it("keeps what a request recorded that had read the workspace before the hold, by a later day's extension", async () => {
    const retained = { free: { retentionDays: 7, forwarding: false, maxDestinations: 0 } };
    for (const retentionDays of [1, 2, 3, 4, 7]) {
      retained.free.retentionDays = retentionDays;
      const world = createRetentionWorld({ plan: "free", plans: retained });
      await world.record();
      const seen = world.workspace();
      world.put({ plan: "free", hold: true });
      await world.purge();
      expect(world.workspace().hold).toBe("held");
      await world.purge();
      const [late] = await world.recordPage(1, 0, seen);
      expect(late?.expiresAt).toBe((START + Math.max(2, retentionDays) * DAY_MS) / 1000);
      for (let day = 1; day < 20; day++) {
        // The purge of a day runs no sooner than 24 h after the last one.
        world.moveTo(START + day * (DAY_MS + 60_000));
        world.expire(0);
        await world.purge();
      }
      expect(world.entries.entries.size).toBe(2);
    }
  });

  it("writes nothing for entries that never expire anyway", async () => {
    const world = createRetentionWorld({ plan: "free" });
    world.change({ hold: "held" });
    await world.record();
    world.moveTo(START + 6 * DAY_MS);
    await world.purge();
    expect((await world.store.readState("ws_1")).heldThrough).toBe(1);
    expect(world.paused()).toBe(0);
  });

  it("that is lifted leaves entries that never expire to the purge, which removes them after their window", async () => {
    const world = createRetentionWorld({ plan: "free" });
    world.change({ hold: "held" });
    const recorded = await world.recordPage(3, 0);
    expect(recorded.every(({ expiresAt }) => expiresAt === NEVER_EXPIRES)).toBe(true);
    world.put({ plan: "free", hold: false });
    // Stands for the event `entitlement.changed` of the PUT.
    await world.record();
    world.moveTo(START + 6 * DAY_MS);
    await world.purge();
    expect(world.entries.entries.size).toBe(4);
    world.moveTo(START + 8 * DAY_MS);
    world.expire(0);
    expect(world.entries.entries.size).toBe(3);
    await world.purge();
    expect(world.entries.entries.size).toBe(0);
    expect(world.closed()).toMatchObject([{ reason: "retention", fromPage: 1, toPage: 1, events: 6 }]);
  });
});

describe("the end of a workspace", () => {
  const recordWeek = async (world: RetentionWorld): Promise<void> => {
    for (let day = 0; day < 10; day++) {
      world.moveTo(START + day * DAY_MS);
      await world.record();
    }
  };
  const end = (world: RetentionWorld): void => world.change({ endedAt: new Date(world.now()).toISOString() });
  const purgeDaily = async (world: RetentionWorld, from: number, to: number): Promise<void> => {
    for (let day = from; day <= to; day++) {
      world.moveTo(START + day * DAY_MS);
      await world.purge();
      world.expire(0);
    }
  };

  it("keeps what was visible for the grace period, then removes it with a receipt that gives the end as the reason", async () => {
    const world = createRetentionWorld({ plan: "free" });
    await recordWeek(world);
    end(world);
    await purgeDaily(world, 9, 38);
    const kept = [...world.entries.entries.values()].map(({ recordedAt }) => Date.parse(recordedAt));
    expect(Math.min(...kept)).toBe(START + 2 * DAY_MS);
    expect(kept).toHaveLength(8);
    expect(world.closed().every(({ reason }) => reason === "retention")).toBe(true);
    const byReceipts = world.closed().reduce((sum, { events }) => sum + events, 0);
    expect(byReceipts).toBe(2 * 2);

    await purgeDaily(world, 39, 39);
    expect(world.entries.entries.size).toBe(0);
    const ended = world.closed().filter(({ reason }) => reason === "ended");
    expect(ended.reduce((sum, { events }) => sum + events, 0)).toBe(8 * 2);
  });

  it("can be undone within the grace period, so that the events that were visible then are visible again", async () => {
    const world = createRetentionWorld({ plan: "free" });
    await recordWeek(world);
    end(world);
    await purgeDaily(world, 9, 29);
    world.put({ plan: "team" });
    await purgeDaily(world, 29, 30);
    const floor = START + 2 * DAY_MS + 3_600_000;
    expect(world.visibleSince()).toBe(new Date(floor).toISOString());
    expect(world.entries.entries.size).toBe(7);
  });

  it("leaves the log to TTL if no purge runs within the look-ahead time after the grace period", async () => {
    const world = createRetentionWorld({ plan: "free" });
    await recordWeek(world);
    end(world);
    await purgeDaily(world, 9, 38);
    world.moveTo(START + 41 * DAY_MS);
    world.expire(0);
    expect(world.entries.entries.size).toBe(8);
    world.moveTo(START + 42 * DAY_MS);
    world.expire(0);
    expect(world.entries.entries.size).toBe(0);
  });
});

describe("an entry redriven from quarantine", () => {
  it.each([
    ["a legal hold", { plan: "free", hold: true }],
    ["a longer retention", { plan: "team" }],
  ])("is kept by %s put afterwards, although earlier pages hold newer entries", async (_name, asked) => {
    const world = createRetentionWorld({ plan: "free" });
    const waiting = await world.quarantine();
    for (let day = 1; day <= 5; day++) {
      world.moveTo(START + day * DAY_MS);
      await world.record();
    }
    expect(await world.redrive()).toMatchObject({ journalled: 1 });
    world.put(asked);
    for (let day = 5; day <= 20; day++) {
      world.moveTo(START + day * DAY_MS + 60_000);
      await world.purge();
      world.expire(0);
    }
    expect([...world.entries.entries.values()].map(({ entry }) => entry)).toContain(waiting.entry);
    expect(world.entries.entries.size).toBe(6);
  });
});
