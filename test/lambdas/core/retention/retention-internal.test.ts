import { describe, expect, it } from "vitest";
import { DAY_MS } from "../../../../lambdas/core/workspace/retention.ts";
import { verifyJournal } from "../../../../lambdas/core/proof/verify-journal.ts";
import { createRetentionWorld, type RetentionWorld, START, WS } from "../../../helpers/retention-world.ts";

const createWorld = (): RetentionWorld => createRetentionWorld({ plan: "free", records: true });

/** Runs one purge a day. With `records` an entry is recorded each day. */
async function live(world: RetentionWorld, from: number, to: number, records: boolean): Promise<void> {
  for (let day = from; day < to; day++) {
    world.moveTo(START + day * DAY_MS);
    if (records) await world.record();
    world.moveTo(START + (day + 0.5) * DAY_MS);
    await world.purge();
    world.expire(0);
  }
}

function broken(world: RetentionWorld) {
  return verifyJournal(world.journal.pagesOf(WS), [...world.store.receipts.values()]);
}

describe("a retention-internal event", () => {
  it("causes at most one receipt a month by itself, and none in the end", async () => {
    const world = createWorld();
    await live(world, 0, 20, true);
    await live(world, 20, 28, false);
    const before = world.closed().length;
    await live(world, 28, 393, false);
    expect(world.closed().length - before).toBe(1);
    const gaps = world.closed().map(({ openedAt }) => Date.parse(openedAt) / DAY_MS);
    expect(gaps.at(-1)).toBe((gaps.at(-2) ?? 0) + 30);
    expect(world.journal.pagesOf(WS)).toHaveLength(2);
    expect(world.entries.entries.size).toBe(0);
    expect(broken(world)).toEqual([]);
  });

  it("is removed with whatever else is due, by one receipt a day", async () => {
    const world = createWorld();
    await live(world, 0, 60, true);
    expect(world.closed()).toHaveLength(60 - 7);
    const oldest = world.journal.pagesOf(WS)[0]?.at ?? "";
    expect(Date.parse(oldest)).toBeGreaterThanOrEqual(world.now() - 7 * DAY_MS);
    expect(broken(world)).toEqual([]);
  });

  it("does not hold up the purge if it is alone before a missing page", async () => {
    const world = createWorld();
    await world.recordPage(1, 0, world.workspace(), true);
    for (let day = 1; day < 4; day++) {
      world.moveTo(START + day * DAY_MS);
      await world.record();
    }
    world.journal.remove(WS, 2);
    await live(world, 4, 30, true);
    expect(world.closed().slice(0, 2)).toMatchObject([
      { fromPage: 1, toPage: 1 },
      { fromPage: 3, events: 4 },
    ]);
    const oldest = world.journal.pagesOf(WS)[0]?.at ?? "";
    expect(Date.parse(oldest)).toBeGreaterThanOrEqual(world.now() - 7 * DAY_MS);
    expect(broken(world)).toEqual([{ kind: "hole", page: 2, toPage: 2 }]);
  });

  it("is not announced as about to expire undelivered; only other events are", async () => {
    const world = createWorld();
    await live(world, 0, 20, true);
    const cursor = { page: (world.journal.pagesOf(WS).at(-1)?.page ?? 0) + 1, index: 0 };
    world.store.lanes.push({ destination: "dst_1", lane: "live", status: "suspended", cursor });
    await live(world, 20, 80, false);
    expect(world.owed).toEqual([]);
    await live(world, 80, 81, true);
    await live(world, 81, 120, false);
    expect(world.owed.length).toBeGreaterThan(0);
    expect(new Set(world.owed.map(({ oldestAt }) => oldestAt))).toEqual(
      new Set([new Date(START + 80 * DAY_MS).toISOString()]),
    );
  });

  it("is removed with the log of a workspace that has ended", async () => {
    const world = createWorld();
    await live(world, 0, 20, true);
    await live(world, 20, 28, false);
    world.change({ endedAt: new Date(world.now()).toISOString() });
    await live(world, 60, 62, false);
    expect(world.entries.entries.size).toBe(0);
    expect(world.closed().at(-1)).toMatchObject({ reason: "ended", keepsPage: true });
  });
});
