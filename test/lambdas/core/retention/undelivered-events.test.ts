import { beforeEach, describe, expect, it } from "vitest";
import { lanePositionSchema } from "../../../../lambdas/core/lane/row-schema.ts";
import type { Receipt } from "../../../../lambdas/core/retention/receipt.ts";
import { withEntitlement } from "../../../../lambdas/core/retention/change-entitlement.ts";
import { DAY_MS, DEFAULT_RETENTION } from "../../../../lambdas/core/workspace/retention.ts";
import { runPurge } from "../../../../lambdas/core/retention/run-purge.ts";
import { answered, DST, LaneWorld, WS } from "../../../helpers/in-memory-lanes.ts";
import { createInMemoryPurge } from "../../../helpers/in-memory-purge.ts";
import { PLANS } from "../../../helpers/sample-events.ts";
import { disable, enable } from "../../../helpers/lane-rows.ts";

const QUARTER_MS = DAY_MS / 4;
let world: LaneWorld;
let receipts: Receipt[];
let purge: () => Promise<unknown>;

beforeEach(() => {
  world = new LaneWorld();
  receipts = [];
  const store = createInMemoryPurge(world);
  purge = () =>
    runPurge(WS, {
      journal: world.journal,
      store: { ...store, lanePositions: async () => [lanePositionSchema.parse(world.lane())] },
      workspaces: world.workspaces,
      plans: PLANS,
      settings: DEFAULT_RETENTION,
      clock: () => world.now,
      hasTime: () => true,
      pause: async () => {},
      receiptClosed: async (receipt) => {
        receipts.push(receipt);
        return "recorded";
      },
      retentionChanged: async () => {},
      undeliveredExpiring: async () => {},
    });
  world.setWorkspace({ retentionDays: 1, appliedDays: 1 });
});

function entitle(retentionDays: number): void {
  const current = world.workspaces.workspaces.get(WS);
  const settings = { plans: PLANS, retention: DEFAULT_RETENTION };
  const asked = { plan: "enterprise", retentionDays };
  world.setWorkspace({ ...withEntitlement(WS, current, asked, world.now, settings), version: 1 });
}

/** Each quarter of a day records two events and runs the lane before and after; each day ends with a purge. */
async function spendDays(days: number): Promise<void> {
  for (let day = 0; day < days; day++) {
    for (let quarter = 0; quarter < 4; quarter++) {
      await world.record(["a", "b"]);
      await world.run();
      world.now += QUARTER_MS;
      await world.run();
    }
    await purge();
  }
}

const refuse = (): void => void (world.answer = () => answered(500));
const accept = (): void => void (world.answer = () => answered(200));
const owed = (): number =>
  receipts.flatMap((receipt) => receipt.owed).reduce((sum, { events }) => sum + events, 0);
const removed = (): number => receipts.reduce((sum, { events }) => sum + events, 0);

describe("receipts count the events that a destination never received", () => {
  it("if the retention is shorter than the retries", async () => {
    refuse();
    await spendDays(3);
    expect(removed()).toBeGreaterThan(0);
    expect(owed()).toBe(removed());
    expect(receipts.every(({ owed: [one] }) => one?.destination === DST)).toBe(true);
  });

  it("and no others if the receiver fails for some time", async () => {
    await spendDays(2);
    expect(deliveredIds().size).toBe(2 * 8);
    refuse();
    await spendDays(2);
    accept();
    await spendDays(6);
    const neverTaken = 10 * 8 - deliveredIds().size;
    expect(neverTaken).toBeGreaterThan(0);
    expect(owed()).toBe(neverTaken);
  });

  it("if a plan's shorter retention hides them days before they are removed", async () => {
    world.setWorkspace({ retentionDays: 365, appliedDays: 365 });
    refuse();
    await spendDays(2);
    entitle(1);
    accept();
    await spendDays(6);
    expect(receipts).toEqual([]);
    await spendDays(3);
    const neverTaken = 11 * 8 - deliveredIds().size;
    expect(neverTaken).toBeGreaterThan(0);
    expect(removed()).toBeGreaterThan(neverTaken);
    expect(owed()).toBe(neverTaken);
  });

  it("if the lane was disabled, whether or not it is enabled before they are removed", async () => {
    world.change(disable);
    await spendDays(3);
    expect(owed()).toBe(removed());
    world.change(enable);
    await spendDays(5);
    const neverTaken = 8 * 8 - deliveredIds().size;
    expect(owed()).toBe(neverTaken);
  });
});

/** Ids of the events in deliveries that the log shows as delivered. */
function deliveredIds(): Set<string> {
  const numbers = new Set(
    world.outcomes().flatMap(([number, outcome]) => (outcome === "delivered" ? [number] : [])),
  );
  const taken = world.received.filter(({ number, lane }) => lane === "live" && numbers.has(number));
  return new Set(taken.flatMap(({ events }) => events));
}
