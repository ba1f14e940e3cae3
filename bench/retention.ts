import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { createPurgeTasks } from "../lambdas/adapters/purge-tasks.ts";
import { DAY_MS } from "../lambdas/core/workspace/retention.ts";
import { benchEvent } from "./bench-events.ts";
import { benchFolder, type BenchStack, startBenchStack } from "./stack/bench-stack.ts";
import { type Figure, figure } from "./measure.ts";
import { type MeteredStack, startMeteredStack, type Units } from "./stack/metered-stack.ts";
import { countQueued, queueClient, queuesNamed } from "./stack/queue-depth.ts";
import { benchExport, benchPages } from "./retention-reading.ts";
import { type SeededWorkspace, seedRetention } from "./retention-seed.ts";
import { removedByReceipts, type StackTables, tablesOf } from "./stack/stack-tables.ts";

const CLI = join(import.meta.dirname, "..", "cli", "trailcast.js");
const RETENTION_DAYS = 30;
const INGEST_GAP_MS = 20;
const INGEST_SAMPLES = 1000;
/** Looks rarely, because each look takes some milliseconds of the process that also measures. */
const LOOK_MS = 2000;
/**
 * One million events in entries of 100: one workspace with 500,000 in its retention window, one with 5,000, and 198
 * that share the rest.
 */
const WORKSPACES: readonly SeededWorkspace[] = [
  { workspace: "ws_large", entries: 5_600 },
  { workspace: "ws_small", entries: 56 },
  ...Array.from({ length: 198 }, (_, index) => ({ workspace: `ws_${index}`, entries: 22 })),
];
/** A tenth of each workspace's entries, rounded up to whole ones. Entries that expire during the bench come on top. */
const EXPIRED = WORKSPACES.reduce((sum, { entries }) => sum + Math.ceil(entries / 10) * 100, 0);
const EXPIRING_MEANWHILE = 1000;
/**
 * A workspace's rows, lanes and oldest page are read once or twice. Most workspaces lose only a few pages, which share
 * that cost.
 */
const READ_UNITS_A_PAGE = 4;
/** Its entry of some kB, the page itself, its claim, and a share of the receipt. */
const WRITE_UNITS_A_PAGE = 6;
const PLANS = { enterprise: { retentionDays: RETENTION_DAYS, forwarding: true, maxDestinations: 10 } };

/**
 * Measures the purge of one million events, a tenth of them expired, while events are recorded. Before the purge it
 * measures pages and an export of the large workspace.
 */
export async function benchRetention(): Promise<Figure[]> {
  const dir = await benchFolder();
  let stack = await startBenchStack(dir);
  try {
    for (const { workspace } of [...WORKSPACES, { workspace: "ws_live" }]) await register(stack, workspace);
    const tables = await tablesOf(stack);
    await stack.stop();
    const now = Date.now();
    // A tenth of the time span lies before the retention window. Nothing is younger than one day, so the stream no
    // longer holds it.
    const span = ((RETENTION_DAYS - 1.5) * DAY_MS) / 0.9;
    console.error("  seeding 1,000,000 events …");
    await seedRetention(dir, tables, WORKSPACES, {
      from: now - 1.5 * DAY_MS - span,
      to: now - 1.5 * DAY_MS,
      keptDays: RETENTION_DAYS,
    });
    const metered = await startMeteredStack(dir, "TrailcastRetentionPurge");
    stack = metered;
    // Reading is measured first, because all 500,000 events exist only until the purge.
    const reading = [...(await benchPages(stack)), ...(await benchExport(stack, tables, PLANS))];
    return [...reading, ...(await measurePurge(metered, tables))];
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

/** What a purge consumed and removed, and the latencies of posts with and without it, in milliseconds. */
interface PurgeRun {
  removed: { events: number; pages: number };
  units: Units;
  quiet: number[];
  busy: number[];
  complaints: number;
}

/**
 * Runs the stack's own purge with the tasks that the daily plan would queue. The baseline is measured half before and
 * half after it.
 */
async function measurePurge(stack: MeteredStack, tables: StackTables): Promise<Figure[]> {
  await purge(stack, ["ws_live", "ws_live", "ws_live"]).finished;
  await ingest(stack, () => true, 100);
  const quiet = await ingest(stack, () => true, INGEST_SAMPLES);
  const before = await stack.units();
  const begun = performance.now();
  const purging = purge(
    stack,
    WORKSPACES.map(({ workspace }) => workspace),
  );
  const busy = await ingest(stack, purging.isUnderWay, Number.MAX_SAFE_INTEGER);
  const seconds = (performance.now() - begun) / 1000;
  await purging.finished;
  const after = await stack.units();
  quiet.push(...(await ingest(stack, () => true, INGEST_SAMPLES)));
  const removed = await removedByReceipts(stack, tables);
  const units = {
    read: after.read - before.read,
    write: after.write - before.write,
    pagesRead: after.pagesRead - before.pagesRead,
  };
  console.error(
    `  removed ${removed.events} events on ${removed.pages} pages in ${seconds.toFixed(1)} s: ${units.read} read units, ${units.write} write units`,
  );
  return figuresOf({ removed, units, quiet, busy, complaints: await complaintsOfJournals(stack.dir) });
}

function figuresOf({ removed, units, quiet, busy, complaints }: PurgeRun): Figure[] {
  console.error(
    `  ingest without: ${describe(quiet)}; during the purge: ${describe(busy)}; milliseconds of ${quiet.length} and ${busy.length} posts`,
  );
  const { events, pages } = removed;
  const share = (percentile(busy, 99) / percentile(quiet, 99)) * 100;
  // In each workspace, the first page that stays and the newest page are read but not removed.
  const inVain = { atMost: pages + 2 * WORKSPACES.length };
  const add = figure.bind(undefined, "retention");
  return [
    add("events removed of 1,000,000, at least", events, "events", { atLeast: EXPIRED }),
    add("events removed of 1,000,000, at most", events, "events", { atMost: EXPIRED + EXPIRING_MEANWHILE }),
    add("pages of the journal read beside those removed", units.pagesRead - pages, "pages", inVain),
    add("read units of the purge, per page removed", units.read / pages, "", { atMost: READ_UNITS_A_PAGE }),
    add("write units of the purge, per page removed", units.write / pages, "", {
      atMost: WRITE_UNITS_A_PAGE,
    }),
    add("complaints of trailcast verify --journal", complaints, "", { atMost: 0 }),
    add("ingest p99 during the purge, of that without", share, "%", { atMost: 120 }),
  ];
}

/** Verifies the remaining journals and receipts. Returns the number of complaints of `trailcast verify --journal`. */
async function complaintsOfJournals(dir: string): Promise<number> {
  try {
    await promisify(execFile)(process.execPath, [CLI, "verify", "--journal", "--data", dir]);
    return 0;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    console.error(stdout + stderr);
    return `${stdout}${stderr}`.trim().split("\n").length;
  }
}

/** Queues the purge tasks of these workspaces. The purge is under way until the queue is empty. */
function purge(
  { endpoints }: BenchStack,
  workspaces: readonly string[],
): { finished: Promise<void>; isUnderWay(): boolean } {
  const state = { isUnderWay: true };
  const run = async (): Promise<void> => {
    const client = queueClient(endpoints.awsEndpointUrl);
    const [queue = ""] = await queuesNamed(client, "PurgeTasks");
    await createPurgeTasks(queue, client).add(workspaces);
    while ((await countQueued(client, queue)) > 0) await setTimeout(LOOK_MS);
    client.destroy();
  };
  return {
    finished: run().finally(() => (state.isUnderWay = false)),
    isUnderWay: () => state.isUnderWay,
  };
}

/** Posts single events at a steady rate. Returns the milliseconds of each POST. */
async function ingest({ api }: BenchStack, shouldContinue: () => boolean, most: number): Promise<number[]> {
  const times: number[] = [];
  const pending: Promise<void>[] = [];
  for (let index = 0; index < most && shouldContinue(); index++) {
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

function describe(times: readonly number[]): string {
  return [50, 90, 99].map((percent) => `p${percent} ${percentile(times, percent).toFixed(1)}`).join(", ");
}
