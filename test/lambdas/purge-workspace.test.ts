import { setImmediate } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { METRIC } from "../../lambdas/core/base/metric-names.ts";
import { DAY_MS, DEFAULT_RETENTION } from "../../lambdas/core/workspace/retention.ts";
import {
  createPurgeWorkspaceHandler,
  type PurgeWorkspaceDependencies,
} from "../../lambdas/purge-workspace.ts";
import { contextWith } from "../helpers/http-events.ts";
import { createRecordedLog, createRecordedMetrics } from "../helpers/in-memory-stores.ts";
import { createRetentionWorld, PLANS, type RetentionWorld, START, WS } from "../helpers/retention-world.ts";

const RESERVE_MS = 30_000;

let world: RetentionWorld;
let asked: string[][];
let cleanedUp: string[];
let unreadable: Set<string>;
let log: ReturnType<typeof createRecordedLog>;
let metrics: ReturnType<typeof createRecordedMetrics>;

beforeEach(() => {
  world = createRetentionWorld({ plan: "free" });
  asked = [];
  cleanedUp = [];
  unreadable = new Set();
  log = createRecordedLog();
  metrics = createRecordedMetrics();
});

const messageOf = (workspace: string) => ({
  messageId: `of ${workspace}`,
  body: JSON.stringify({ workspace }),
});

function purgeOf(
  changes: Partial<PurgeWorkspaceDependencies["purge"]> = {},
): PurgeWorkspaceDependencies["purge"] {
  return {
    journal: world.journal,
    store: world.store,
    workspaces: {
      readWorkspace: async (id) => {
        if (unreadable.has(id)) throw new Error("unreadable");
        return id === WS ? world.workspace() : undefined;
      },
    },
    plans: PLANS,
    settings: DEFAULT_RETENTION,
    clock: world.now,
    pause: async () => {},
    receiptClosed: async () => "recorded",
    retentionChanged: async () => {},
    undeliveredExpiring: async () => {},
    ...changes,
  };
}

/** Invokes the function with tasks for these workspaces. `remaining` returns the remaining time whenever it is read. */
function invoke(
  workspaces: readonly string[],
  remaining: () => number = () => 300_000,
  changes: Partial<PurgeWorkspaceDependencies> = {},
) {
  const handler = createPurgeWorkspaceHandler({
    purge: purgeOf(),
    tasks: { add: async (ids) => void asked.push([...ids]) },
    cleanUp: async (workspace) => void cleanedUp.push(workspace),
    log,
    metrics,
    ...changes,
  });
  return handler({ Records: workspaces.map(messageOf) }, contextWith(remaining));
}

async function recordTwentyDays(): Promise<void> {
  for (let day = 0; day < 20; day++) {
    world.moveTo(START + day * DAY_MS);
    await world.record();
  }
}

describe("a purge task", () => {
  it("removes what has expired, cleans up orphans, queues no further task and logs the result", async () => {
    await recordTwentyDays();
    expect(await invoke([WS])).toEqual({ batchItemFailures: [] });
    expect(world.journal.pagesOf(WS)[0]?.page).toBe(13);
    expect({ asked, cleanedUp, failures: metrics.counts.size }).toEqual({
      asked: [],
      cleanedUp: [WS],
      failures: 0,
    });
    expect(log.lines).toEqual([
      { level: "info", message: "purge.ran", fields: { workspace: WS, outcome: "finished" } },
    ]);
  });

  it("queues a further task when time is short, and cleans up orphans nevertheless", async () => {
    await recordTwentyDays();
    let looks = 0;
    const oneTurn = () => (looks++ < 1 ? RESERVE_MS + 1 : RESERVE_MS);
    expect(await invoke([WS], oneTurn)).toEqual({ batchItemFailures: [] });
    expect(world.journal.pagesOf(WS).length).toBeGreaterThan(8);
    expect({ asked, cleanedUp }).toEqual({ asked: [[WS]], cleanedUp: [WS] });
    expect(log.lines.at(-1)?.fields).toEqual({ workspace: WS, outcome: "unfinished" });
    await invoke([WS]);
    expect(world.journal.pagesOf(WS)[0]?.page).toBe(13);
    expect(asked).toHaveLength(1);
  });

  it.each([
    ["removes pages while more than half a minute remains", RESERVE_MS + 1, []],
    ["removes no page when half a minute remains", RESERVE_MS, [[WS]]],
  ])("%s", async (_what, remaining, further) => {
    await invoke([WS], () => remaining);
    expect(asked).toEqual(further);
  });

  it("paces the removal of large pages, and waits no longer than it has time", async () => {
    await recordTwentyDays();
    let remaining = RESERVE_MS + 80_000;
    const purge = purgeOf({
      store: { ...world.store, removeEntries: async () => 6500 },
      pause: async (milliseconds) => void (remaining -= milliseconds),
    });
    await invoke([WS], () => remaining, { purge });
    expect(remaining).toBeGreaterThan(RESERVE_MS - 1000);
    expect(remaining).toBeLessThanOrEqual(RESERVE_MS);
    // Each page takes 6,503 units at 200 a second, so that the pause after the third page is cut short.
    expect(world.journal.pagesOf(WS)[0]?.page).toBe(4);
    expect(asked).toEqual([[WS]]);
  });

  it("extends large pages as long as it has time, and its next task continues after them", async () => {
    await recordTwentyDays();
    world.put({ plan: "free", hold: true });
    let remaining = RESERVE_MS + 40_000;
    let extended = 0;
    const purge = purgeOf({
      store: {
        ...world.store,
        extendEntry: async () => {
          extended++;
          return 6500;
        },
      },
      pause: async (milliseconds) => void (remaining -= milliseconds),
    });
    await invoke([WS], () => remaining, { purge });
    expect(remaining).toBeGreaterThan(RESERVE_MS - 1000);
    expect(extended).toBe(2);
    remaining = RESERVE_MS + 40_000;
    await invoke([WS], () => remaining, { purge });
    expect(extended).toBe(4);
    expect((await world.store.readState(WS)).heldThrough).toBe(4);
    expect(asked).toEqual([[WS], [WS]]);
  });

  it("ends only after the further task was queued", async () => {
    const queue = Promise.withResolvers<void>();
    let hasEnded = false;
    const answer = invoke([WS], () => 0, { tasks: { add: () => queue.promise } }).finally(
      () => (hasEnded = true),
    );
    await setImmediate();
    expect(hasEnded).toBe(false);
    queue.resolve();
    await answer;
  });
});

describe("a purge task that fails", () => {
  it("returns to its queue and is counted, and does not hold up others of its batch", async () => {
    unreadable.add("ws_bad");
    expect(await invoke(["ws_bad", WS])).toEqual({ batchItemFailures: [{ itemIdentifier: "of ws_bad" }] });
    expect(metrics.counts).toEqual(new Map([[METRIC.purgeFailures, 1]]));
    expect(cleanedUp).toEqual([WS]);
    expect(log.lines[0]).toMatchObject({
      level: "error",
      message: "purge.failed",
      fields: { workspace: "ws_bad" },
      error: new Error("unreadable"),
    });
  });

  const refuse = () => Promise.reject(new Error("refused"));
  it.each<[string, () => number, Partial<PurgeWorkspaceDependencies>]>([
    ["while cleaning up", () => 300_000, { cleanUp: refuse }],
    ["while queueing a further task", () => 0, { tasks: { add: refuse } }],
  ])("%s is counted as well", async (_what, remaining, changes) => {
    expect(await invoke([WS], remaining, changes)).toEqual({
      batchItemFailures: [{ itemIdentifier: `of ${WS}` }],
    });
    expect(metrics.counts).toEqual(new Map([[METRIC.purgeFailures, 1]]));
  });
});
