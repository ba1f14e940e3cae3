import { describe, expect, it } from "vitest";
import { DAY_MS, NEVER_EXPIRES } from "../../../../lambdas/core/workspace/retention.ts";
import { verifyJournal } from "../../../../lambdas/core/proof/verify-journal.ts";
import {
  CrashError,
  createRetentionWorld,
  PLANS,
  type RetentionWorld,
  START,
  WS,
} from "../../../helpers/retention-world.ts";

async function recordDaily(world: RetentionWorld, days: number): Promise<void> {
  const first = world.now();
  for (let day = 0; day < days; day++) {
    world.moveTo(first + day * DAY_MS);
    await world.record();
  }
}

function verified(world: RetentionWorld) {
  return verifyJournal(world.journal.pagesOf(WS), [...world.store.receipts.values()]);
}

/** Lets a simulated crash pass; any other error fails the test. */
function orCrashed(error: unknown): void {
  if (!(error instanceof CrashError)) throw error;
}
const grow = (world: RetentionWorld): void => world.changePlan("team");

describe("a purge", () => {
  it("removes what is past the window, with a receipt that matches the hash chain of the remaining pages", async () => {
    const world = createRetentionWorld({ plan: "free" });
    await recordDaily(world, 20);
    await world.purge();

    const left = world.journal.pagesOf(WS);
    expect(left.at(0)?.page).toBe(13);
    expect(world.entries.entries.size).toBe(left.length);
    expect([...world.store.receipts.values()]).toMatchObject([
      {
        receipt: "rct_000000000001",
        state: "closed",
        reason: "retention",
        fromPage: 1,
        toPage: 12,
        events: 24,
        hashBefore: "",
        hashAfter: left.at(0)?.previousHash,
        owed: [],
      },
    ]);
    expect(world.closed()).toHaveLength(1);
    expect(verified(world)).toEqual([]);
  });

  it("limits itself to 200 write units a second", async () => {
    const world = createRetentionWorld({ plan: "free" });
    await recordDaily(world, 20);
    await world.purge();
    // Four units for each of the twelve pages: two for its claim, one for its entry and one for the page.
    expect(world.paused()).toBeCloseTo(((12 * 4) / 200) * 1000);
  });

  it("paces extensions for a legal hold or a longer retention like a removal", async () => {
    for (const change of [(world: RetentionWorld) => world.change({ hold: "pending" }), grow]) {
      const world = createRetentionWorld({ plan: "free" });
      await recordDaily(world, 7);
      change(world);
      await world.purge();
      const extended = [...world.entries.entries.values()].filter(
        ({ recordedAt, expiresAt }) => expiresAt > Date.parse(recordedAt) / 1000 + 7 * 86_400,
      );
      expect(extended.length).toBeGreaterThan(1);
      expect(world.paused()).toBeCloseTo((extended.length / 200) * 1000);
    }
  });

  it("never removes the newest page or one younger than two days", async () => {
    const oneDay = { free: { retentionDays: 1, forwarding: false, maxDestinations: 0 } };
    const world = createRetentionWorld({ plan: "free", plans: oneDay });
    await recordDaily(world, 3);
    world.moveTo(START + 3 * DAY_MS);
    await world.purge();
    expect(world.journal.pagesOf(WS).map(({ page }) => page)).toEqual([2, 3]);
    world.moveTo(START + 100 * DAY_MS);
    await world.purge();
    expect(world.journal.pagesOf(WS).map(({ page }) => page)).toEqual([3]);
  });

  it("finishes the same receipt after a crash at any point", async () => {
    for (let calls = 0; ; calls++) {
      const world = createRetentionWorld({ plan: "free" });
      await recordDaily(world, 12);
      const crashed = await world.purge(calls).then(
        () => false,
        (error: unknown) => {
          if (!(error instanceof CrashError)) throw error;
          return true;
        },
      );
      expect(verified(world)).toEqual([]);
      await world.purge();
      expect(world.journal.pagesOf(WS).at(0)?.page).toBe(5);
      expect(world.entries.entries.size).toBe(8);
      expect([...world.store.receipts.values()]).toMatchObject([
        { state: "closed", fromPage: 1, toPage: 4, events: 8 },
      ]);
      expect(verified(world)).toEqual([]);
      if (!crashed) break;
    }
  });

  it("writes a single receipt, however many pages it removes and wherever it crashed", async () => {
    for (let calls = 150; calls < 205; calls += calls === 170 ? 18 : 1) {
      const world = createRetentionWorld({ plan: "free" });
      await recordDaily(world, 70);
      await world.purge(calls).catch(orCrashed);
      expect(verified(world)).toEqual([]);
      await world.purge();
      expect([...world.store.receipts.values()]).toMatchObject([
        { state: "closed", fromPage: 1, toPage: 62, events: 124, hashBefore: "" },
      ]);
      expect(verified(world)).toEqual([]);
    }
  });

  it("does not change a closed receipt, even if more is due when the purge continues after a crash", async () => {
    for (let calls = 20; calls < 50; calls++) {
      const world = createRetentionWorld({ plan: "free" });
      await recordDaily(world, 12);
      await world.purge(calls).catch(orCrashed);
      const closedBefore = world.closed();
      world.moveTo(world.now() + 2 * DAY_MS);
      await world.purge();
      expect(world.closed()).toEqual(expect.arrayContaining(closedBefore));
      expect(world.closed().reduce((sum, { events }) => sum + events, 0)).toBe(12);
      expect([...world.store.receipts.values()]).toEqual(world.closed());
      expect(verified(world)).toEqual([]);
    }
  });

  it("extends an open receipt by what became due after a crash, and keeps the time at which it was opened", async () => {
    const world = createRetentionWorld({ plan: "free" });
    await recordDaily(world, 12);
    await world.purge(12).catch(orCrashed);
    const [open] = [...world.store.receipts.values()];
    world.moveTo(world.now() + DAY_MS);
    await world.purge();
    expect(world.closed()).toMatchObject([
      { fromPage: 1, toPage: 5, openedAt: open?.openedAt, removedBefore: "2026-01-06T00:00:00.000Z" },
    ]);
    expect(verified(world)).toEqual([]);
  });

  it("does not cover a page by a receipt that is missing for another reason", async () => {
    const world = createRetentionWorld({ plan: "free" });
    await recordDaily(world, 15);
    world.journal.remove(WS, 4);
    await world.purge();
    await world.purge();
    expect(world.closed()).toMatchObject([
      { fromPage: 1, toPage: 3, events: 6 },
      { fromPage: 5, toPage: 7, events: 6 },
    ]);
    expect(verified(world)).toEqual([{ kind: "hole", page: 4, toPage: 4 }]);
  });

  it("does no harm if several run at once", async () => {
    const world = createRetentionWorld({ plan: "free" });
    await recordDaily(world, 150);
    await Promise.all([world.purge(), world.purge(), world.purge()]);
    expect(world.entries.entries.size).toBe(8);
    expect(world.closed().reduce((sum, { events }) => sum + events, 0)).toBe(284);
    expect(verified(world)).toEqual([]);
  });

  it("counts undelivered events of each destination in the receipt, and announces them two days before", async () => {
    const world = createRetentionWorld({ plan: "free" });
    await recordDaily(world, 8);
    world.store.lanes.push(
      { destination: "dst_behind", lane: "live", status: "suspended", cursor: { page: 2, index: 1 } },
      { destination: "dst_ahead", lane: "live", status: "live", cursor: { page: 9, index: 0 } },
    );
    world.moveTo(START + 7 * DAY_MS + 1);
    await world.purge();
    expect(world.owed).toEqual([{ destination: "dst_behind", oldestAt: "2026-01-02T00:00:00.000Z" }]);
    world.moveTo(START + 10 * DAY_MS);
    await world.purge();
    expect(world.closed().flatMap(({ owed }) => owed)).toEqual([{ destination: "dst_behind", events: 3 }]);
  });

  it("counts once the events that a lane passed because they had expired, and not those that it delivered", async () => {
    const world = createRetentionWorld({ plan: "free" });
    await recordDaily(world, 12);
    world.store.lanes.push({
      destination: "dst_lost",
      lane: "live",
      status: "live",
      cursor: { page: 3, index: 1 },
      expiredRanges: [
        { from: { page: 1, index: 1 }, to: { page: 2, index: 0 } },
        { from: { page: 2, index: 1 }, to: { page: 3, index: 2 } },
      ],
    });
    await world.purge();
    expect(world.closed()).toMatchObject([{ toPage: 4, owed: [{ destination: "dst_lost", events: 6 }] }]);
    world.store.lanes.splice(0, 1, {
      destination: "dst_lost",
      lane: "live",
      status: "live",
      cursor: { page: 12, index: 0 },
      expiredRanges: [{ from: { page: 1, index: 1 }, to: { page: 7, index: 1 } }],
    });
    world.moveTo(START + 14 * DAY_MS);
    await world.purge();
    expect(world.closed()[1]).toMatchObject({ fromPage: 5, toPage: 7, owed: [{ events: 5 }] });
  });

  it("keeps only the last page of an ended workspace's journal", async () => {
    const world = createRetentionWorld({ plan: "free" });
    await recordDaily(world, 5);
    world.change({ endedAt: new Date(world.now()).toISOString() });
    world.moveTo(world.now() + 29 * DAY_MS);
    await world.purge();
    world.moveTo(world.now() + 2 * DAY_MS);
    await world.purge();
    expect(world.journal.pagesOf(WS).map(({ page }) => page)).toEqual([5]);
    expect(world.entries.entries.size).toBe(0);
    expect(verified(world)).toEqual([]);
    expect([...world.store.receipts.values()]).toMatchObject([
      { receipt: "rct_000000000001", reason: "ended", state: "closed", fromPage: 1, toPage: 4, events: 8 },
      { receipt: "rct_000000000005_end", reason: "ended", state: "closed", keepsPage: true, events: 2 },
    ]);
    await world.purge();
    expect(world.closed()).toHaveLength(2);
  });

  it("stops removing an ended workspace's log if the workspace is revived", async () => {
    for (let calls = 3; calls < 40; calls++) {
      const world = createRetentionWorld({ plan: "enterprise" });
      await recordDaily(world, 5);
      world.change({ endedAt: new Date(world.now()).toISOString() });
      world.moveTo(world.now() + 31 * DAY_MS);
      await world.purge(calls).catch(orCrashed);
      world.change({ endedAt: undefined } as never);
      const left = world.journal.pagesOf(WS).length;
      await world.purge();
      expect(world.journal.pagesOf(WS).length).toBeGreaterThanOrEqual(left - 1);
      expect((await world.store.readState(WS)).receipt).toBeUndefined();
      expect([...world.store.receipts.values()].every(({ state }) => state === "closed")).toBe(true);
      expect(verified(world)).toEqual([]);
    }
  });
});

describe("a change of plan", () => {
  it("to a shorter retention keeps what it hides for the grace period, then removes it", async () => {
    const world = createRetentionWorld({ plan: "team" });
    await recordDaily(world, 20);
    world.changePlan("free");
    world.moveTo(world.now() + 6 * DAY_MS);
    await world.purge();
    expect(world.entries.entries.size).toBe(20);
    world.moveTo(world.now() + DAY_MS);
    await world.purge();
    expect(world.journal.pagesOf(WS).map(({ page }) => page)).toEqual([20]);
  });

  it("to a longer retention extends existing entries before TTL removes them", async () => {
    const world = createRetentionWorld({ plan: "free" });
    await recordDaily(world, 5);
    world.changePlan("team");
    for (let day = 5; day < 30; day++) {
      world.moveTo(START + day * DAY_MS);
      await world.purge();
      world.expire(0);
      expect(world.entries.entries.size).toBe(5);
    }
    world.moveTo(START + 31 * DAY_MS);
    world.expire(0);
    expect(world.entries.entries.size).toBe(3);
  });

  it("in the settings counts as a change for every workspace on that plan", async () => {
    const plans = structuredClone(PLANS);
    const world = createRetentionWorld({ plan: "free", plans });
    await recordDaily(world, 5);
    plans["free"] = { retentionDays: 20, forwarding: false, maxDestinations: 0 };
    await world.purge();
    expect(world.workspace()).toMatchObject({ appliedDays: 20, history: { shortestDays: 7 } });
    expect(world.changed).toEqual([{ before: 7, after: 20 }]);
    world.moveTo(START + 10 * DAY_MS);
    await world.purge();
    world.expire(0);
    expect(world.entries.entries.size).toBe(5);
  });
});

describe("a legal hold", () => {
  it("is pending until the entries that are about to expire are safe, then stops every removal until it is lifted", async () => {
    const world = createRetentionWorld({ plan: "free" });
    await recordDaily(world, 7);
    world.change({ hold: "pending" });
    await world.purge();
    expect(world.workspace().hold).toBe("held");
    for (let day = 7; day < 40; day++) {
      world.moveTo(START + day * DAY_MS);
      await world.purge();
      world.expire(0);
    }
    expect(world.entries.entries.size).toBe(7);
    expect([...world.entries.entries.values()].every(({ expiresAt }) => expiresAt === NEVER_EXPIRES)).toBe(
      true,
    );

    const { hold: _hold, ...lifted } = world.workspace();
    world.change({ ...lifted, hold: undefined } as never);
    await world.purge();
    expect(world.entries.entries.size).toBe(1);
    expect(verified(world)).toEqual([]);
  });

  it("that is put during a removal ends the receipt at the claimed page", async () => {
    for (let calls = 3; calls < 30; calls++) {
      const world = createRetentionWorld({ plan: "free" });
      await recordDaily(world, 15);
      await world.purge(calls).catch(orCrashed);
      const removed = 15 - world.journal.pagesOf(WS).length;
      world.change({ hold: "pending" });
      await world.purge();
      expect(15 - world.journal.pagesOf(WS).length).toBeLessThanOrEqual(removed + 1);
      expect(verified(world)).toEqual([]);
      expect([...world.store.receipts.values()].every(({ state }) => state === "closed")).toBe(true);
    }
  });
});
