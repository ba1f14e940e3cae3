import { describe, expect, it } from "vitest";
import { DAY_MS, NEVER_EXPIRES } from "../../../../lambdas/core/retention/retention.ts";
import { createRetentionWorld, START } from "../../../helpers/retention-world.ts";

describe("a hold", () => {
  it("keeps what is recorded while it lasts, even if no purge ever comes", async () => {
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

  it("keeps what a request recorded that had read the workspace before it, by the extension of another day", async () => {
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
        // The purge of the day comes no sooner than a day after the last one.
        world.moveTo(START + day * (DAY_MS + 60_000));
        world.expire(0);
        await world.purge();
      }
      expect(world.entries.entries.size).toBe(2);
    }
  });

  it("writes nothing for what never expires anyway", async () => {
    const world = createRetentionWorld({ plan: "free" });
    world.change({ hold: "held" });
    await world.record();
    world.moveTo(START + 6 * DAY_MS);
    await world.purge();
    expect((await world.store.readState("ws_1")).heldThrough).toBe(1);
    expect(world.paused()).toBe(0);
  });

  it("that is lifted leaves what never expires to the purge, once it is past the window", async () => {
    const world = createRetentionWorld({ plan: "free" });
    world.change({ hold: "held" });
    const recorded = await world.recordPage(3, 0);
    expect(recorded.every(({ expiresAt }) => expiresAt === NEVER_EXPIRES)).toBe(true);
    world.put({ plan: "free", hold: false });
    // The event `entitlement.changed` of the PUT.
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
