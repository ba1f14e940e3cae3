import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { toTimestamp } from "../../../../lambdas/core/base/clock.ts";
import type { Destination } from "../../../../lambdas/core/destination/destination.ts";
import type { Recorded } from "../../../../lambdas/core/journal/recorded-window.ts";
import {
  countWanted,
  MAX_COUNTED_EVENTS,
  type ReplayCount,
} from "../../../../lambdas/core/lane/count-replay.ts";
import { type ReplayWindow, replayWindow } from "../../../../lambdas/core/lane/replay-window.ts";
import { destinationRow, DST, LaneWorld, WS } from "../../../helpers/in-memory-lanes.ts";
import { newLaneRow } from "../../../helpers/lane-rows.ts";

const REPLAY = { workspace: WS, destination: DST, lane: "rpl_1" };

let world: LaneWorld;
let start: number;

beforeEach(() => {
  world = new LaneWorld();
  start = world.now;
});

const at = (seconds: number): string => toTimestamp(start + seconds * 1000);

/** One page; each of its entries says by its action how many seconds after the start it was recorded. */
async function page(...seconds: number[]): Promise<void> {
  const [first = 0] = seconds;
  world.now = start + first * 1000;
  await world.recordPage(seconds.map((second) => [`at_${second}`]));
}

async function count(recorded: Recorded, changes: Partial<Destination> = {}, since = "") {
  const window = await replayWindow(WS, recorded, since, world.journal);
  const destination = destinationRow(changes);
  const rules = { destination, eventTypePrefix: "pro.atmos", since, now: world.now };
  return { window, ...(await countWanted(window, rules, world)) };
}

async function deliver({ start: cursor, until, recorded }: ReplayWindow): Promise<string[]> {
  const facts = { ...REPLAY, status: "live" as const, createdAt: "" };
  world.lanes.put(newLaneRow({ ...facts, cursor, until, ...(recorded && { recorded }) }));
  world.received.length = 0;
  for (let runs = 0; runs < 5; runs++) await world.run({ wakeUp: REPLAY });
  expect(world.lane(REPLAY).status).toBe("ended");
  return world.actions().flat();
}

async function replay(recorded: Recorded): Promise<{ delivered: string[] } & ReplayCount> {
  const { window, events, exact } = await count(recorded);
  return { events, exact, delivered: await deliver(window) };
}

describe("the window of a replay", () => {
  it("begins and ends within pages", async () => {
    await page(0, 1, 2);
    await page(3, 4, 5);
    expect(await replay({ from: at(1), to: at(4) })).toEqual({
      events: 3,
      exact: true,
      delivered: ["at_1", "at_2", "at_3"],
    });
  });

  it("holds nothing that was recorded later, where the next page came long after", async () => {
    await page(0, 1);
    await page(4000, 4001, 4002);
    const { window, events, exact } = await count({ from: at(0), to: at(60) });
    expect([events, exact, window.journalled]).toEqual([2, true, 2]);
    expect(await deliver(window)).toEqual(["at_0", "at_1"]);
  });

  it("may be empty, between events and before all of them", async () => {
    await page(0);
    await page(4000);
    expect(await replay({ from: at(1), to: at(100) })).toEqual({ events: 0, exact: true, delivered: [] });
    expect(await replay({ from: at(-9000), to: at(-8000) })).toMatchObject({ events: 0, delivered: [] });
    expect(await replay({ from: at(5000), to: at(6000) })).toMatchObject({ events: 0, delivered: [] });
  });

  it("holds what was journalled long after it was recorded, on as many pages as that took", async () => {
    for (let second = 0; second < 10; second++) await page(second);
    for (const late of world.journal.pagesOf(WS)) world.journal.put({ ...late, at: at(10_000) });
    await page(20_000);
    const { delivered, events } = await replay({ from: at(3), to: at(8) });
    expect(delivered).toEqual(["at_3", "at_4", "at_5", "at_6", "at_7"]);
    expect(events).toBe(5);
  });

  it("holds what was redriven if it reaches the page that took it", async () => {
    await page(0, 1);
    await page(4000);
    const [, redriving] = world.journal.pagesOf(WS);
    const [old] = world.journal.pagesOf(WS)[0]?.entries ?? [];
    if (redriving === undefined || old === undefined) throw new Error("no page");
    world.journal.put({ ...redriving, entries: [...redriving.entries, old], total: redriving.total + 1 });
    await page(8000);
    expect((await replay({ from: at(0), to: at(9000) })).delivered.join()).toBe(
      "at_0,at_1,at_4000,at_0,at_8000",
    );
    expect((await replay({ from: at(4000), to: at(9000) })).delivered).toEqual(["at_4000", "at_8000"]);
  });

  it("is counted without notices of the destination to itself", async () => {
    await page(0);
    const notice = { category: "webhook", target: DST };
    for (const kind of ["failing", "recovered", "suspended"])
      await world.record([`delivery_${kind}`], notice);
    await world.record(["delivery_failing"], { category: "webhook", target: "dst_2" });
    expect(await replay({ from: at(0), to: at(100) })).toEqual({
      events: 2,
      exact: true,
      delivered: ["at_0", "delivery_failing"],
    });
  });

  it("is not counted exactly where it holds too much to be read", async () => {
    for (let pages = 0; pages <= MAX_COUNTED_EVENTS / 100; pages++) {
      world.now += 1000;
      await world.record(Array.from({ length: 100 }, () => "many"));
    }
    const { events, exact } = await count({ from: at(0), to: at(1000) });
    expect([events, exact]).toEqual([MAX_COUNTED_EVENTS + 100, false]);
  });
});

const entry = fc.record({
  /** Seconds since the entry before; posts at the same time pass each other. */
  wait: fc.oneof(fc.integer({ min: -20, max: 20 }), fc.integer({ min: 0, max: 5_000 })),
  actions: fc.array(fc.constantFrom("a", "b"), { minLength: 1, maxLength: 3 }),
  isOwn: fc.boolean(),
});
const time = fc.record({ entry: fc.nat(11), offset: fc.constantFrom(-1, 0, 1, 1000) });

describe("a replay of any window", () => {
  it("delivers what was recorded in it and is wanted, and is counted as exactly that", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 12, maxLength: 12 }),
        fc.tuple(time, time, time),
        fc.constantFrom<string[][]>([], ["pro.atmos.billing.a"], ["pro.atmos.billing.*"]),
        async (entries, sizes, times, eventTypes) => {
          world = new LaneWorld();
          start = world.now;
          const known = await recordAll(entries, sizes);
          const [from, to, since] = times.map(({ entry: index, offset }) =>
            toTimestamp(Date.parse(known[index % known.length]?.recordedAt ?? "") + offset),
          ) as [string, string, string];
          fc.pre(from < to);
          world.setWorkspace({ history: { floor: since } });
          world.setDestination({ eventTypes });
          const { window, events, exact } = await count({ from, to }, { eventTypes }, since);
          const wanted = known.filter(
            ({ recordedAt, type }) =>
              [from <= recordedAt, recordedAt < to, since <= recordedAt].every(Boolean) &&
              !type.startsWith("webhook.") &&
              (eventTypes.length === 0 || type === "billing.a" || eventTypes[0] === "pro.atmos.billing.*"),
          );
          expect(await deliver(window)).toEqual(wanted.map(({ type }) => type.split(".")[1]));
          expect([events, exact]).toEqual([wanted.length, true]);
        },
      ),
      { numRuns: 400 },
    );
  });
});

/** No entry is more than half a minute older than any before it. */
async function recordAll(
  entries: readonly { wait: number; actions: string[]; isOwn: boolean }[],
  sizes: readonly number[],
): Promise<{ type: string; recordedAt: string }[]> {
  const known: { type: string; recordedAt: string }[] = [];
  let newest = world.now;
  for (const { wait, actions, isOwn } of entries) {
    world.now = Math.max(world.now + wait * 1000, newest - 30_000);
    newest = Math.max(newest, world.now);
    const own = isOwn && actions.length === 1;
    const { recordedAt } = own
      ? await world.record(["delivery_failing"], { category: "webhook", target: DST })
      : await world.record(actions);
    const types = own ? ["webhook.delivery_failing"] : actions.map((action) => `billing.${action}`);
    known.push(...types.map((type) => ({ type, recordedAt })));
  }
  joinPages(sizes);
  return known;
}

/** Makes one page of as many as each of the sizes says. */
function joinPages(sizes: readonly number[]): void {
  const pages = world.journal.pagesOf(WS);
  for (const { page: number } of pages) world.journal.remove(WS, number);
  for (let number = 1; pages.length > 0; number++) {
    const joined = pages.splice(0, sizes[number - 1] ?? 1);
    const last = joined.at(-1);
    if (last !== undefined)
      world.journal.put({ ...last, page: number, entries: joined.flatMap(({ entries }) => entries) });
  }
}
