import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import type { EntryReference } from "../../lambdas/core/entry/entry.ts";
import type { Page } from "../../lambdas/core/journal/page.ts";
import type { ExportJob } from "../../lambdas/core/reading/export-job.ts";
import { DAY_MS } from "../../lambdas/core/workspace/retention.ts";
import { createExportEventsHandler, type ExportEventsDependencies } from "../../lambdas/export-events.ts";
import { contextWith } from "../helpers/http-events.ts";
import { createRecordedLog, workspaceRow } from "../helpers/in-memory-stores.ts";

const NOW = Date.parse("2026-11-20T12:00:00.000Z");
const RESERVE_MS = 60_000;
const DAYS = 7;
const VISIBLE = NOW - DAYS * DAY_MS;
const PARTITION = { shard: 0, count: 1, bytes: 100, expiresAt: 0, hash: "" };
const CHAIN = { seq: "", late: 0, total: 0, previousHash: "", hash: "" };
const at = (time: number): string => new Date(time).toISOString();

/** A page with one event, recorded `age` milliseconds ago. */
const pageOf = (age: number, index: number): Page => ({
  workspace: "ws_1",
  page: index + 1,
  at: at(NOW - age),
  ...CHAIN,
  entries: [{ entry: `ent_${age / DAY_MS}`, recordedAt: at(NOW - age), ...PARTITION }],
});

let job: ExportJob;
let pages: Page[];
let written: string[];
let started: string[][];
let log: ReturnType<typeof createRecordedLog>;

beforeEach(() => {
  job = {
    workspace: "ws_1",
    item: "export#exp_1",
    export: "exp_1",
    status: "running",
    format: "ndjson",
    filter: {},
    createdAt: at(NOW),
    next: { page: 1, index: 0 },
    end: { page: 100, index: 0 },
    parts: [],
    version: 1,
    expiresAt: 0,
  };
  pages = [9, 8, 7, 6, 5, 4].map((days, index) => pageOf(days * DAY_MS, index));
  written = [];
  started = [];
  log = createRecordedLog();
});

const run: ExportEventsDependencies["run"] = {
  workspaces: { readWorkspace: async (id) => workspaceRow(id) },
  rows: {
    readJob: async (workspace, id) => (workspace === "ws_1" && id === "exp_1" ? job : undefined),
    listJobs: async () => [job],
    putJob: async (next) => (job = { ...next, version: next.version + 1 }),
  },
  parts: {
    putPart: async (_key, text) => void written.push(...text.trimEnd().split("\n")),
    linkTo: async (key) => key,
  },
  reading: {
    readPagesFrom: async (_workspace: string, from: number, limit: number) =>
      pages.filter(({ page }) => page >= from).slice(0, limit),
    readLines: async (_workspace: string, references: readonly EntryReference[]) =>
      new Map(references.map(({ entry }) => [entry, [JSON.stringify({ id: entry })]])),
  },
  plans: { enterprise: { retentionDays: DAYS, forwarding: true, maxDestinations: 1 } },
  clock: () => NOW,
  random: (bytes) => new Uint8Array(randomBytes(bytes)),
  partBytes: 1,
};

/** Invokes the function. `remaining` returns the remaining time whenever it is read. */
function invoke(
  remaining: () => number = () => 900_000,
  changes: Partial<ExportEventsDependencies> = {},
  event: unknown = { workspace: "ws_1", export: "exp_1" },
): Promise<void> {
  const starter = {
    start: async (workspace: string, id: string) => void started.push([workspace, id]),
  };
  const handler = createExportEventsHandler({ run, starter, log, ...changes });
  return handler(event, contextWith(remaining));
}

const eventsOf = (lines: readonly string[]): string[] => lines.map((line) => JSON.parse(line).id);

describe("an invocation for an export", () => {
  it("completes its job without starting another invocation", async () => {
    await invoke();
    expect({ status: job.status, parts: job.parts.length, started }).toEqual({
      status: "done",
      parts: 4,
      started: [],
    });
    expect(log.lines).toEqual([
      { level: "info", message: "export.ran", fields: { workspace: "ws_1", outcome: "finished" } },
    ]);
  });

  it("starts another invocation when time is short, which writes only what is missing", async () => {
    let looks = 0;
    await invoke(() => (looks++ < 2 ? RESERVE_MS + 1 : RESERVE_MS));
    const first = job.parts.length;
    expect(job.status).toBe("running");
    expect(first).toBeGreaterThan(0);
    expect(started).toEqual([["ws_1", "exp_1"]]);
    expect(log.lines.at(-1)?.fields).toEqual({ workspace: "ws_1", outcome: "unfinished" });
    await invoke();
    expect(job.status).toBe("done");
    expect(eventsOf(written)).toEqual(["ent_7", "ent_6", "ent_5", "ent_4"]);
    expect(started).toHaveLength(1);
  });

  it("stops when a minute remains", async () => {
    await invoke(() => RESERVE_MS);
    expect({ written, started: started.length }).toEqual({ written: [], started: 1 });
    await invoke(() => RESERVE_MS + 1);
    expect({ status: job.status, started: started.length }).toEqual({ status: "done", started: 1 });
  });

  it("ends only after the next invocation was started", async () => {
    const call = Promise.withResolvers<void>();
    let hasEnded = false;
    const end = invoke(() => 0, { starter: { start: () => call.promise } }).finally(() => (hasEnded = true));
    await setImmediate();
    expect(hasEnded).toBe(false);
    call.resolve();
    await end;
  });

  it("fails, so that Lambda repeats it, if its event, a part or the start of the next invocation is refused", async () => {
    const refused = () => Promise.reject(new Error("throttled"));
    await expect(invoke(() => 0, { starter: { start: refused } })).rejects.toThrow("throttled");
    const parts = { ...run.parts, putPart: refused };
    await expect(invoke(undefined, { run: { ...run, parts } })).rejects.toThrow("throttled");
    await expect(invoke(undefined, {}, { workspace: "ws_1" })).rejects.toThrow("export");
    expect({ status: job.status, log: log.lines }).toEqual({ status: "running", log: [] });
  });
});

describe("the window of a job", () => {
  it.each([
    ["at its own start", NOW - 5 * DAY_MS, ["ent_5", "ent_4"]],
    ["where events become visible, if that is its start", VISIBLE, ["ent_7", "ent_6", "ent_5", "ent_4"]],
    [
      "where events become visible, if its start is earlier",
      NOW - 9 * DAY_MS,
      ["ent_7", "ent_6", "ent_5", "ent_4"],
    ],
  ])("begins %s", async (_what, from, events) => {
    job = { ...job, from: at(from) };
    await invoke();
    expect(eventsOf(written)).toEqual(events);
  });

  it("includes its start and excludes its end", async () => {
    job = { ...job, from: at(NOW - 6 * DAY_MS), to: at(NOW - 4 * DAY_MS) };
    await invoke();
    expect(eventsOf(written)).toEqual(["ent_6", "ent_5"]);
  });
});
