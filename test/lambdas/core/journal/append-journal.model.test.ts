import fc from "fast-check";
import { expect, it } from "vitest";
import type { Entry } from "../../../../lambdas/core/entry/entry.ts";
import { fanOut, type FanOutDependencies } from "../../../../lambdas/core/fan-out/fan-out.ts";
import type { Page } from "../../../../lambdas/core/journal/page.ts";
import { openReceipt, type Receipt } from "../../../../lambdas/core/retention/receipt.ts";
import { redriveQuarantine } from "../../../../lambdas/core/fan-out/redrive.ts";
import { verifyJournal } from "../../../../lambdas/core/proof/verify-journal.ts";
import {
  createInMemoryEntries,
  createInMemoryJournal,
  createInMemoryLanes,
  createInMemoryQuarantine,
  createInMemoryWakeUps,
  createRecordedLog,
  createRecordedMetrics,
  laneAtStart,
  takeTurns,
  type Turn,
} from "../../../helpers/in-memory-stores.ts";
import { createInMemoryRetention } from "../../../helpers/in-memory-purge.ts";
import { LABEL, poisonRecord, readRecord, storedEntry } from "../../../helpers/journal-records.ts";

/** Thrown by every store call of a process from the moment at which it is killed. */
class KilledError extends Error {}

/** One entry of the stream. `poison`: in how many deliveries of its record fan-out cannot read it. */
const entryArbitrary = fc.record({
  count: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constantFrom(1, 100, 60)),
  shard: fc.nat({ max: 1 }),
  poison: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
  ),
});

/**
 * One delivery of a batch that starts `back` records before the checkpoint. The process may be killed at one of its
 * calls, or continue as a zombie while the next batch is delivered.
 */
const deliveryArbitrary = fc.record({
  shard: fc.nat({ max: 1 }),
  back: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 12 }) }),
  size: fc.integer({ min: 1, max: 6 }),
  killedAt: fc.option(fc.nat({ max: 20 }), { nil: undefined }),
  zombie: fc.boolean(),
});

const scenarioArbitrary = fc.record({
  entries: fc.array(entryArbitrary, { minLength: 1, maxLength: 12 }),
  twoShards: fc.boolean(),
  /** Whether the sequence numbers of the second shard lie far below those of the first. */
  secondShardBelow: fc.boolean(),
  deliveries: fc.array(deliveryArbitrary, { maxLength: 12 }),
  redrives: fc.array(fc.option(fc.nat({ max: 25 }), { nil: undefined }), { maxLength: 3 }),
  purges: fc.nat({ max: 8 }),
});
type Scenario = typeof scenarioArbitrary extends fc.Arbitrary<infer T> ? T : never;

interface StreamEntry {
  entry: Entry;
  sequence: number;
  poison: number;
  wasPoison: boolean;
}

function shardsOf(scenario: Scenario): StreamEntry[][] {
  const shards: StreamEntry[][] = scenario.twoShards ? [[], []] : [[]];
  for (const [name, { count, shard, poison }] of scenario.entries.entries()) {
    const index = scenario.twoShards ? shard : 0;
    const sequence = 1000 + name - (index === 1 && scenario.secondShardBelow ? 500 : 0);
    shards[index]?.push({
      entry: storedEntry(name, { count, shard: index }),
      sequence,
      poison,
      wasPoison: poison > 0,
    });
  }
  return shards;
}

async function run(scenario: Scenario, scheduler: fc.Scheduler): Promise<void> {
  const stores = {
    journal: createInMemoryJournal(),
    entries: createInMemoryEntries(),
    lanes: createInMemoryLanes(),
    wakeUps: createInMemoryWakeUps(),
    quarantine: createInMemoryQuarantine(),
  };
  const history: Page[] = [];
  const receipts: Receipt[] = [];
  const putAt = new Map<number, number>();
  const running = new Map<symbol, number>();
  let lastPut = 0;
  let lastWakeUp = 0;
  let time = 0;
  const underlyingPut = stores.journal.putPage;
  stores.journal.putPage = async (page) => {
    const put = await underlyingPut(page);
    if (put === "put") {
      history.push(page);
      lastPut = ++time;
      putAt.set(page.page, time);
    }
    return put;
  };
  const underlyingSend = stores.wakeUps.send;
  stores.wakeUps.send = async (wakeUps) => {
    lastWakeUp = ++time;
    return underlyingSend(wakeUps);
  };
  stores.lanes.put(laneAtStart("ws_1", "dst_1"));
  const shards = shardsOf(scenario);
  for (const { entry } of shards.flat()) await stores.entries.putEntry(entry);

  const processDependencies = (killedAt?: number): FanOutDependencies => {
    let calls = 0;
    const turn: Turn = async (call) => {
      await scheduler.schedule(Promise.resolve(), call);
      if (killedAt !== undefined && calls++ >= killedAt) throw new KilledError();
    };
    return {
      journal: takeTurns(stores.journal, turn),
      entries: takeTurns(stores.entries, turn),
      lanes: takeTurns(stores.lanes, turn),
      wakeUps: takeTurns(stores.wakeUps, turn),
      quarantine: takeTurns(stores.quarantine, turn),
      clock: () => Date.UTC(2026, 10, 23) + time,
      log: createRecordedLog(),
      metrics: createRecordedMetrics(),
      isLasting: () => false,
    };
  };

  /**
   * Registers a running process. No invocation outlives its time-out and no page younger than two days is purged, so a
   * page may not be purged while a process runs that began before the page was put.
   */
  const alive = async <T>(act: () => Promise<T>): Promise<T> => {
    const self = Symbol("process");
    running.set(self, ++time);
    try {
      return await act();
    } finally {
      running.delete(self);
    }
  };

  const deliver = async (
    stream: StreamEntry[],
    from: number,
    to: number,
    killedAt?: number,
  ): Promise<number> => {
    const batch = stream.slice(from, to).map((record) => {
      const poisoned = record.poison > 0;
      record.poison -= 1;
      return (poisoned ? poisonRecord : readRecord)(record.entry, record.sequence, LABEL);
    });
    const failed = await alive(() => fanOut(batch, processDependencies(killedAt)));
    return failed === undefined ? Math.max(from, to) : from + failed;
  };

  const left: Promise<unknown>[] = [];
  const driveShard = async (stream: StreamEntry[], shard: number): Promise<void> => {
    let checkpoint = 0;
    for (const delivery of scenario.deliveries) {
      if (scenario.twoShards && delivery.shard !== shard) continue;
      const from = Math.max(0, checkpoint - delivery.back);
      const done = deliver(stream, from, from + delivery.size, delivery.killedAt);
      if (delivery.zombie) left.push(done);
      else checkpoint = Math.min(stream.length, Math.max(checkpoint, await done));
    }
    while (checkpoint < stream.length) checkpoint = await deliver(stream, checkpoint, checkpoint + 4);
  };

  const redrive = async (killedAt?: number): Promise<void> => {
    const { quarantine, ...dependencies } = processDependencies(killedAt);
    try {
      await alive(() =>
        redriveQuarantine({
          ...dependencies,
          quarantine: { ...stores.quarantine, ...quarantine },
          retention: createInMemoryRetention(stores.entries),
          hasTime: () => true,
        }),
      );
    } catch (error) {
      if (!(error instanceof KilledError)) throw error;
    }
  };

  const purge = async (): Promise<void> => {
    for (let wait = 0; wait < 8; wait++) await scheduler.schedule(Promise.resolve(), "purge waits");
    const { journal } = stores;
    const oldest = await journal.oldestPage("ws_1");
    const newest = await journal.newestPage("ws_1");
    if (oldest === undefined || newest === undefined || oldest.page >= newest.page) return;
    if ([...running.values()].some((began) => began <= (putAt.get(oldest.page) ?? 0))) return;
    receipts.push(openReceipt([oldest], { reason: "retention", removedBefore: "", openedAt: "", owed: [] }));
    for (const { entry } of oldest.entries) {
      stores.entries.entries.delete(`ws_1/${entry}`);
      await scheduler.schedule(Promise.resolve(), "removed entry");
    }
    stores.journal.remove("ws_1", oldest.page);
  };
  const purges = async (): Promise<void> => {
    for (let turn = 0; turn < scenario.purges; turn++) await purge();
  };

  await scheduler.waitFor(
    Promise.all([...shards.map(driveShard), ...scenario.redrives.map(redrive), purges()]).then(async () => {
      await Promise.all(left);
      return redrive();
    }),
  );

  const journalled = history.flatMap(({ entries }) => entries.map(({ entry }) => entry));
  const posted = shards.flat().map(({ entry }) => entry.entry);
  expect(journalled.toSorted(), "each entry is on exactly one page, ever").toStrictEqual(posted.toSorted());
  expect(verifyJournal(history), "what was ever put is one chain").toStrictEqual([]);
  expect(verifyJournal(stores.journal.pagesOf("ws_1"), receipts), "what is left verifies").toStrictEqual([]);
  for (const stream of shards) {
    const healthy = stream.filter(({ wasPoison }) => !wasPoison).map(({ entry }) => entry.entry);
    const kept = new Set(healthy);
    expect(
      journalled.filter((entry) => kept.has(entry)),
      "a shard keeps its order",
    ).toStrictEqual(healthy);
  }
  expect(stores.quarantine.rows.size, "nothing is left in quarantine").toBe(0);
  expect(lastWakeUp, "the lane is rung after the last page").toBeGreaterThan(lastPut);
}

it("keeps the journal ordered, without duplicates or gaps, under any interleaving, crash, repeated delivery and purge", async () => {
  const outcome = await fc.check(
    fc.asyncProperty(fc.scheduler(), scenarioArbitrary, async (scheduler, scenario) =>
      run(scenario, scheduler),
    ),
    { numRuns: Number(process.env["MODEL_RUNS"] ?? 500) },
  );
  expect(outcome.failed ? fc.defaultReportMessage(outcome) : "").toBe("");
});
