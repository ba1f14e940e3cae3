import { rm } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createJournalStore } from "../lambdas/adapters/journal-store.ts";
import { createPurgeStore } from "../lambdas/adapters/purge-store.ts";
import { createWorkspaceReader } from "../lambdas/adapters/workspace-store.ts";
import { newestFirst } from "./retention-reading.ts";
import { DAY_MS, DEFAULT_RETENTION } from "../lambdas/core/retention.ts";
import { runPurge } from "../lambdas/core/run-purge.ts";
import { adminClient, tablesOf } from "./stack-tables.ts";
import { benchEvent } from "./bench-events.ts";
import { benchFolder, type BenchStack, startBenchStack } from "./bench-stack.ts";
import { type Figure, figure } from "./measure.ts";
import { type SeededWorkspace, type SeedTables, seedRetention } from "./retention-seed.ts";

const RETENTION_DAYS = 30;
const PURGES_AT_ONCE = 2;
const INGEST_GAP_MS = 20;
const INGEST_SAMPLES = 500;
/** 1,000,000 events in entries of 100: one workspace of 500,000, one of 5,000, and 198 that share the rest. */
const WORKSPACES: readonly SeededWorkspace[] = [
  { workspace: "ws_large", entries: 5_000 },
  { workspace: "ws_small", entries: 50 },
  ...Array.from({ length: 198 }, (_, index) => ({ workspace: `ws_${index}`, entries: 25 })),
];
const PLANS = { enterprise: { retentionDays: RETENTION_DAYS, forwarding: true, maxDestinations: 10 } };

/** The purge of a million events, a tenth expired, while events are recorded; then pages and an export of the large workspace. */
export async function benchRetention(): Promise<Figure[]> {
  const dir = await benchFolder();
  let stack = await startBenchStack(dir);
  try {
    for (const { workspace } of [...WORKSPACES, { workspace: "ws_live" }]) await register(stack, workspace);
    const tables = await tablesOf(stack);
    await stack.stop();
    const now = Date.now();
    // A tenth of the time lies before the window; nothing is younger than the stream's memory of a day.
    const span = ((RETENTION_DAYS - 1.5) * DAY_MS) / 0.9;
    console.error("  seeding 1,000,000 events …");
    await seedRetention(dir, tables, WORKSPACES, {
      from: now - 1.5 * DAY_MS - span,
      to: now - 1.5 * DAY_MS,
      keptDays: RETENTION_DAYS,
    });
    stack = await startBenchStack(dir);
    const figures = await measurePurge(stack, tables);
    return [...figures, ...(await newestFirst(stack, tables, PLANS))];
  } finally {
    await stack.stop().catch(() => {});
    await rm(dir, { recursive: true, force: true });
  }
}

async function register({ api }: BenchStack, workspace: string): Promise<void> {
  await api.call("PUT", `/v1/workspaces/${workspace}/entitlement`, {
    plan: "enterprise",
    retentionDays: RETENTION_DAYS,
  });
}

async function measurePurge(stack: BenchStack, tables: SeedTables): Promise<Figure[]> {
  await ingest(stack, () => true, 100);
  const quiet = await ingest(stack, () => true, INGEST_SAMPLES);
  const client = adminClient(stack);
  const units = countUnits(client);
  let purging = true;
  const begun = performance.now();
  const purge = purgeAll(client, tables).finally(() => (purging = false));
  const busy = await ingest(stack, () => purging, Number.MAX_SAFE_INTEGER);
  const removed = await purge;
  const seconds = (performance.now() - begun) / 1000;
  console.error(
    `  removed ${removed.events} events on ${removed.pages} pages in ${seconds.toFixed(1)} s: ${units.read.toFixed(0)} read units, ${units.write.toFixed(0)} write units; ingest p99 ${percentile(quiet, 99).toFixed(1)} ms quiet, ${percentile(busy, 99).toFixed(1)} ms during it (${busy.length} posts)`,
  );
  return [
    figure("retention", "events removed of 1,000,000", removed.events, "events", { atLeast: 90_000 }),
    figure(
      "retention",
      "pages of the journal read beside those removed",
      units.pagesRead - removed.pages,
      "pages",
      { atMost: removed.pages + WORKSPACES.length },
    ),
    figure(
      "retention",
      "ingest p99 during the purge, of that without",
      (percentile(busy, 99) / percentile(quiet, 99)) * 100,
      "%",
      { atMost: 120 },
    ),
  ];
}

async function purgeAll(client: DynamoDBClient, tables: SeedTables) {
  const removed = { events: 0, pages: 0 };
  const dependencies = {
    journal: createJournalStore(client, tables.journal),
    store: createPurgeStore(client, tables),
    workspaces: createWorkspaceReader(client, tables.registry),
    plans: PLANS,
    settings: DEFAULT_RETENTION,
    clock: Date.now,
    hasTime: () => true,
    pause: (milliseconds: number) => setTimeout(milliseconds),
    receiptClosed: async (receipt: { events: number; fromPage: number; toPage: number }) => {
      removed.events += receipt.events;
      removed.pages += receipt.toPage - receipt.fromPage + 1;
    },
    owedExpiring: async () => {},
  };
  const queue = WORKSPACES.map(({ workspace }) => workspace);
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      await runPurge(next, dependencies);
  };
  await Promise.all(Array.from({ length: PURGES_AT_ONCE }, worker));
  return removed;
}

/** Milliseconds of each POST of one event, at a steady rate. */
async function ingest({ api }: BenchStack, goesOn: () => boolean, most: number): Promise<number[]> {
  const times: number[] = [];
  const pending: Promise<void>[] = [];
  for (let index = 0; index < most && goesOn(); index++) {
    const begun = performance.now();
    const post = api.call("POST", "/v1/workspaces/ws_live/events", {
      events: [benchEvent("ws_live", index)],
    });
    pending.push(post.then(() => void times.push(performance.now() - begun)));
    await setTimeout(INGEST_GAP_MS);
  }
  await Promise.all(pending);
  return times;
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}

/** Asks for the capacity of every call, and adds it up. */
function countUnits(client: DynamoDBClient): { read: number; write: number; pagesRead: number } {
  const units = { read: 0, write: 0, pagesRead: 0 };
  client.middlewareStack.add(
    (next, context) => async (args) => {
      Object.assign(args.input, { ReturnConsumedCapacity: "TOTAL" });
      const answer = await next(args);
      const output = answer.output as {
        ConsumedCapacity?: { CapacityUnits?: number };
        Items?: { page?: unknown }[];
        Item?: { page?: unknown };
      };
      const used = output.ConsumedCapacity?.CapacityUnits ?? 0;
      units[/^(Get|Query|Scan|BatchGet)/.test(context.commandName ?? "") ? "read" : "write"] += used;
      units.pagesRead += [...(output.Items ?? []), output.Item].filter(
        (item) => item?.page !== undefined,
      ).length;
      return answer;
    },
    { step: "initialize", name: "countUnits" },
  );
  return units;
}
