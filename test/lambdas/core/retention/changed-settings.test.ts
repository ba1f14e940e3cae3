import { expect, it } from "vitest";
import { DAY_MS } from "../../../../lambdas/core/workspace/retention.ts";
import { createRetentionWorld, PLANS, START } from "../../../helpers/retention-world.ts";
import { visibleEvents } from "../../../helpers/visible-events.ts";

const HOUR_MS = 3_600_000;
/** The purge runs at 02:00. */
const night = (day: number): number => START + day * DAY_MS + 2 * HOUR_MS;

function startOn(plan: string) {
  const plans = structuredClone(PLANS);
  const world = createRetentionWorld({ plan, plans });
  const give = (retentionDays: number): void => {
    plans[plan] = { forwarding: false, maxDestinations: 0, retentionDays };
  };
  return { world, give };
}

it("shows everything recorded before the purge again if the longer retention returns within the grace period", async () => {
  const { world, give } = startOn("free");
  give(3);
  world.moveTo(START + 10 * HOUR_MS);
  await world.record();
  for (let day = 1; day < 5; day++) {
    world.moveTo(night(day));
    await world.purge();
    world.expire(0);
  }
  expect(await visibleEvents(world)).toEqual([]);
  give(7);
  world.moveTo(night(5));
  await world.purge();
  expect(world.changed).toEqual([
    { before: 7, after: 3 },
    { before: 3, after: 7 },
  ]);
  expect(await visibleEvents(world)).toHaveLength(2);
});

it("does not show events again that had expired before the settings gave a longer retention", async () => {
  const { world, give } = startOn("free");
  await world.record();
  world.moveTo(START + 7 * DAY_MS + HOUR_MS);
  expect(await visibleEvents(world)).toEqual([]);
  give(30);
  expect(await visibleEvents(world)).toEqual([]);
  world.moveTo(night(8));
  await world.purge();
  expect(await visibleEvents(world)).toEqual([]);
});

it("redrives entries by the retention in force, even if the settings already give a shorter one", async () => {
  const { world, give } = startOn("team");
  await world.quarantine();
  world.moveTo(START + 10 * DAY_MS);
  give(7);
  expect(await world.redrive()).toMatchObject({ journalled: 1, expired: 0 });
  world.moveTo(night(11));
  await world.purge();
  give(30);
  world.moveTo(night(12));
  await world.purge();
  expect(await visibleEvents(world)).toHaveLength(2);
});

it("applies a longer retention before it looks for undelivered events, and does not announce those that it keeps", async () => {
  const { world, give } = startOn("free");
  await world.record();
  const cursor = { page: 1, index: 0 };
  world.store.lanes.push({ destination: "dst_1", lane: "live", status: "suspended", cursor });
  world.moveTo(START + 6 * DAY_MS);
  give(30);
  await world.purge();
  expect(world.owed).toEqual([]);
  world.moveTo(START + 29 * DAY_MS);
  await world.purge();
  expect(world.owed).toHaveLength(1);
});

it("applies changed settings to an ended workspace only when the workspace is revived", async () => {
  const { world, give } = startOn("team");
  for (let day = 0; day < 30; day++) {
    world.moveTo(night(day));
    await world.record();
    await world.purge();
  }
  world.change({ endedAt: new Date(world.now()).toISOString() });
  give(7);
  for (let day = 30; day < 45; day++) {
    world.moveTo(night(day));
    await world.purge();
    world.expire(0);
  }
  expect(world.entries.entries.size).toBe(30);
  expect(world.changed).toEqual([]);
  world.put({ plan: "team" });
  expect(world.workspace()).toMatchObject({ appliedDays: 7, history: { kept: { days: 30 } } });
});
