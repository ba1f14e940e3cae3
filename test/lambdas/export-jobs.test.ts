import { randomBytes } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import type { Workspace } from "../../lambdas/core/workspace/entitlement.ts";
import type { EntryReference } from "../../lambdas/core/entry/entry.ts";
import { type ExportJob, MAX_EXPORT_PARTS } from "../../lambdas/core/reading/export-job.ts";
import type { Page } from "../../lambdas/core/journal/page.ts";
import { DAY_MS } from "../../lambdas/core/workspace/retention.ts";
import { runExport, type RunExportDependencies } from "../../lambdas/core/reading/run-export.ts";
import { createExport, listExports, readExport } from "../../lambdas/reading/manage-exports.ts";
import { workspaceRow } from "../helpers/in-memory-stores.ts";

const START = Date.parse("2026-11-10T00:00:00.000Z");
const MINUTE_MS = 60_000;
const PLANS = { enterprise: { retentionDays: 7, forwarding: true, maxDestinations: 10 } };

let now: number;
let workspace: Workspace;
let jobs: Map<string, ExportJob>;
let objects: Map<string, string>;
let started: string[];
let links: number;
let refuseToStart: boolean;
let pages: Page[];

const rows = {
  readJob: async (_workspace: string, id: string) => jobs.get(id),
  listJobs: async () => [...jobs.values()].toReversed(),
  putJob: async (job: ExportJob): Promise<ExportJob | "stale"> => {
    if ((jobs.get(job.export)?.version ?? 0) !== job.version) return "stale";
    const stored = { ...job, version: job.version + 1 };
    jobs.set(job.export, stored);
    return stored;
  },
};
const parts = {
  putPart: async (key: string, text: string) => void objects.set(key, text),
  linkTo: async (key: string) => {
    links++;
    return key;
  },
};
const reading = {
  newestPage: async () => pages.at(-1),
  oldestPage: async () => pages[0],
  readPage: async (_workspace: string, number: number) => pages.find(({ page }) => page === number),
  readPagesBack: async () => [],
  readPagesFrom: async (_workspace: string, page: number, limit: number) =>
    pages.filter((candidate) => candidate.page >= page).slice(0, limit),
  readLines: async (_workspace: string, references: readonly EntryReference[]) =>
    new Map(references.map(({ entry }) => [entry, [JSON.stringify({ id: entry })]])),
};
const dependencies = {
  rows,
  parts,
  reading,
  starter: {
    start: async (_workspace: string, id: string) => {
      if (refuseToStart) throw new Error("throttled");
      started.push(id);
    },
  },
  random: (bytes: number) => new Uint8Array(randomBytes(bytes)),
  clock: () => now,
  plans: PLANS,
};

/** A page with one event, recorded at this time. */
function journalPage(number: number, time: number): Page {
  const at = new Date(time).toISOString();
  const entry = {
    entry: `ent_${number}`,
    shard: 0,
    recordedAt: at,
    count: 1,
    bytes: 100,
    expiresAt: 0,
    hash: "",
  };
  const chain = { seq: "", late: 0, total: number, previousHash: "", hash: "" };
  return { workspace: "ws_1", page: number, at, ...chain, entries: [entry] };
}

const bodyOf = (answer: unknown) => JSON.parse((answer as { body: string }).body);
const create = async () =>
  createExport(workspace, { body: JSON.stringify({ format: "ndjson" }) } as never, dependencies);
const created = async (): Promise<string> => bodyOf(await create()).id;
const read = async (id: string) => bodyOf(await readExport(workspace, id, dependencies));
const run = (id: string, changes: Partial<RunExportDependencies> = {}) =>
  runExport("ws_1", id, {
    ...dependencies,
    workspaces: { readWorkspace: async () => workspace },
    hasTime: () => true,
    ...changes,
  });

beforeEach(() => {
  now = START;
  workspace = workspaceRow("ws_1");
  jobs = new Map();
  objects = new Map();
  started = [];
  links = 0;
  refuseToStart = false;
  pages = Array.from({ length: 10 }, (_, index) => journalPage(index + 1, START - (10 - index) * MINUTE_MS));
});

describe("a job whose function died", () => {
  it("is restarted by any request that reads it, if it made no progress for 20 minutes", async () => {
    const id = await created();
    now += 19 * MINUTE_MS;
    await read(id);
    expect(started).toEqual([id]);
    now += 2 * MINUTE_MS;
    expect(await read(id)).toMatchObject({ status: "running", updatedAt: new Date(now).toISOString() });
    expect(started).toEqual([id, id]);
    await listExports(workspace, dependencies);
    expect(started).toEqual([id, id]);
    now += 21 * MINUTE_MS;
    await listExports(workspace, dependencies);
    expect(started).toEqual([id, id, id]);
  });

  it("fails after five more starts without progress", async () => {
    const id = await created();
    for (let round = 0; round < 5; round++) {
      now += 21 * MINUTE_MS;
      expect((await read(id)).status).toBe("running");
    }
    now += 21 * MINUTE_MS;
    expect((await read(id)).status).toBe("failed");
    expect(started).toHaveLength(6);
    expect(await run(id)).toBe("finished");
    expect(objects.size).toBe(0);
  });

  it("counts its starts since its last part", async () => {
    const id = await created();
    for (let round = 0; round < 8; round++) {
      now += 21 * MINUTE_MS;
      expect((await read(id)).status).toBe("running");
      let asked = 0;
      expect(await run(id, { partBytes: 1, hasTime: () => asked++ < 1 })).toBe("unfinished");
    }
    expect(jobs.get(id)).toMatchObject({ restarts: 0, status: "running" });
  });

  it("is not among the ten running jobs if its start was refused", async () => {
    refuseToStart = true;
    for (let count = 0; count < 11; count++) {
      await expect(create()).rejects.toThrow("throttled");
      now += 1;
    }
    refuseToStart = false;
    expect(await create()).toMatchObject({ statusCode: 202 });
  });
});

describe("the parts of a job", () => {
  it("are those of the run whose row was stored, even if another run ended the same part elsewhere", async () => {
    const id = await created();
    const stale = jobs.get(id);
    expect(await run(id, { partBytes: 40 })).toBe("finished");
    const readStale = { ...rows, readJob: async () => stale };
    expect(await run(id, { rows: readStale, partBytes: 70 })).toBe("finished");
    const job = await read(id);
    expect(job).toMatchObject({ status: "done", events: 10 });
    const texts = job.parts.map(({ url }: { url: string }) => objects.get(url) ?? "");
    expect(texts.map(Buffer.byteLength)).toEqual(job.parts.map(({ bytes }: { bytes: number }) => bytes));
    expect(texts.join("").trimEnd().split("\n")).toHaveLength(10);
    expect(objects.size).toBe(job.parts.length + 1);
  });

  it("have links in their job, but not in the list", async () => {
    const id = await created();
    await run(id);
    const { items } = bodyOf(await listExports(workspace, dependencies));
    expect({ items: items.map((item: { id: string }) => item.id), links }).toEqual({ items: [id], links: 0 });
    expect(items[0]).not.toHaveProperty("parts");
    await read(id);
    expect(links).toBe(1);
  });

  it("are no more than fit into a row", async () => {
    pages = Array.from({ length: MAX_EXPORT_PARTS + 5 }, (_, index) => journalPage(index + 1, START - 1));
    const id = await created();
    expect(await run(id, { partBytes: 1 })).toBe("finished");
    const job = await read(id);
    expect({ status: job.status, parts: job.parts.length }).toEqual({
      status: "incomplete",
      parts: MAX_EXPORT_PARTS,
    });
    expect(Buffer.byteLength(JSON.stringify(jobs.get(id)))).toBeLessThan(400_000);
  });

  it("are not written for a workspace that has ended", async () => {
    const id = await created();
    workspace = { ...workspace, endedAt: new Date(now).toISOString() };
    expect(await run(id)).toBe("finished");
    expect({ objects: objects.size, status: jobs.get(id)?.status }).toEqual({
      objects: 0,
      status: "running",
    });
  });
});

describe("a part whose oldest event has expired", () => {
  const eventsOf = (job: { parts: { events: number; expired: boolean; url?: string }[] }) => ({
    shown: job.parts.filter(({ expired }) => !expired).reduce((sum, { events }) => sum + events, 0),
    hidden: job.parts.filter(({ expired }) => expired).reduce((sum, { events }) => sum + events, 0),
    linked: job.parts.filter(({ url }) => url !== undefined).length,
  });

  it("stays listed without a link, at once if the retention shrinks", async () => {
    pages = [journalPage(1, START - 3 * DAY_MS), journalPage(2, START - DAY_MS)];
    const id = await created();
    await run(id, { partBytes: 1 });
    expect((await read(id)).parts.map(({ expired }: { expired: boolean }) => expired)).toEqual([
      false,
      false,
    ]);
    workspace = { ...workspace, retentionDays: 2 };
    const [first, second] = (await read(id)).parts;
    expect(first).toEqual({
      events: 1,
      bytes: expect.any(Number),
      oldest: pages[0]?.at,
      newest: pages[0]?.at,
      expired: true,
    });
    expect(second).toMatchObject({ expired: false, url: expect.any(String) });
  });

  it("hides few events that have not expired, even if the job covers the whole window", async () => {
    const first = START - 7 * DAY_MS + MINUTE_MS;
    pages = Array.from({ length: 7 * 144 - 1 }, (_, index) =>
      journalPage(index + 1, first + index * 10 * MINUTE_MS),
    );
    const id = await created();
    await run(id);
    const before = eventsOf(await read(id));
    expect(before).toMatchObject({ shown: pages.length, hidden: 0 });
    expect(before.linked).toBeLessThan(15);
    now += 60 * MINUTE_MS;
    const { shown, hidden } = eventsOf(await read(id));
    const expired = pages.filter(({ at }) => at < new Date(now - 7 * DAY_MS).toISOString()).length;
    expect(expired).toBe(6);
    expect(hidden).toBeGreaterThanOrEqual(expired);
    expect(hidden).toBeLessThanOrEqual(2 * expired + 2);
    expect(shown + hidden).toBe(pages.length);
  });
});
