import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createEntryStore } from "../lambdas/adapters/entry-store.ts";
import { createReading } from "../lambdas/adapters/journal-reading.ts";
import { createJournalStore } from "../lambdas/adapters/journal-store.ts";
import { createWorkspaceReader } from "../lambdas/adapters/workspace-store.ts";
import type { ExportJob } from "../lambdas/core/reading/export-job.ts";
import type { Plans } from "../lambdas/core/workspace/entitlement.ts";
import { runExport } from "../lambdas/core/reading/run-export.ts";
import type { BenchStack } from "./stack/bench-stack.ts";
import { type Figure, figure, median } from "./measure.ts";
import type { SeedTables } from "./retention-seed.ts";
import { adminClient } from "./stack/stack-tables.ts";

const PAGES = 101;
const WARM_UP = 20;

/** Measures reading a page of 100 events from a large and from a small workspace. */
export async function benchPages(stack: BenchStack): Promise<Figure[]> {
  const small = await timePages(stack, "ws_small");
  const large = await timePages(stack, "ws_large");
  console.error(`  a page of 100: ${small.toFixed(1)} ms of 5,000 events, ${large.toFixed(1)} ms of 500,000`);
  return [
    figure("retention", "a page of 100 out of 500,000, of one out of 5,000", (large / small) * 100, "%", {
      atMost: 200,
    }),
  ];
}

/** Measures the memory that an export of the large workspace needs. */
export async function benchExport(stack: BenchStack, tables: SeedTables, plans: Plans): Promise<Figure[]> {
  const { events, parts, peaks } = await exportLarge(stack, tables, plans);
  const first = Math.max(...peaks.slice(0, Math.ceil(peaks.length / 4)));
  const last = Math.max(...peaks.slice(-Math.ceil(peaks.length / 4)));
  console.error(
    `  export of ${events} events in ${parts} parts, heap at most ${(first / 1e6).toFixed(0)} MB in its first quarter and ${(last / 1e6).toFixed(0)} MB in its last`,
  );
  return [
    figure("retention", "events exported", events, "events", { atLeast: 500_000 }),
    figure("retention", "heap of an export at its end, of that at its beginning", (last / first) * 100, "%", {
      atMost: 150,
    }),
  ];
}

async function timePages({ api }: BenchStack, workspace: string): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < WARM_UP + PAGES; index++) {
    const begun = performance.now();
    await api.call("GET", `/v1/workspaces/${workspace}/events?limit=100`);
    times.push(performance.now() - begun);
  }
  return median(times.slice(WARM_UP));
}

async function exportLarge(stack: BenchStack, tables: SeedTables, plans: Plans) {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const client = adminClient(stack);
  const journal = createJournalStore(client, tables.journal);
  const peaks: number[] = [];
  const workspace = "ws_large";
  const newest = await journal.newestPage(workspace);
  let job = jobUpTo(workspace, (newest?.page ?? 0) + 1);
  await runExport(workspace, "bench", {
    workspaces: createWorkspaceReader(client, tables.registry),
    rows: {
      readJob: async () => job,
      listJobs: async () => [],
      putJob: async (next) => (job = { ...next, version: next.version + 1 }),
    },
    parts: {
      putPart: async () => {
        collectGarbage();
        peaks.push(process.memoryUsage().heapUsed);
      },
      linkTo: async () => "",
    },
    reading: createReading(client, tables.journal, journal, createEntryStore(client, tables.events)),
    plans,
    clock: Date.now,
    random: (bytes) => new Uint8Array(bytes),
    hasTime: () => true,
  });
  return { events: job.parts.reduce((sum, part) => sum + part.events, 0), parts: job.parts.length, peaks };
}

function jobUpTo(workspace: string, page: number): ExportJob {
  return {
    workspace,
    item: "export#bench",
    export: "bench",
    status: "running",
    format: "ndjson",
    filter: {},
    createdAt: new Date().toISOString(),
    next: { page: 1, index: 0 },
    end: { page, index: 0 },
    parts: [],
    version: 1,
    expiresAt: 0,
  };
}
