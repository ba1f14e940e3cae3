import { type HttpAnswer, type HttpRequest, jsonAnswer } from "../adapters/http-api.ts";
import { fitting } from "../core/reading/answer-size.ts";
import { type ExportRequest, exportRequestSchema } from "../core/api/reading-api.ts";
import { refusalOf } from "../core/api/refusal.ts";
import { toTimestamp } from "../core/base/clock.ts";
import type { Workspace } from "../core/workspace/entitlement.ts";
import {
  EXPORT_KEPT_DAYS,
  EXPORT_PREFIX,
  type ExportJob,
  isPartExpired,
  reviveJob,
} from "../core/reading/export-job.ts";
import { findPageAt } from "../core/journal/find-page-at.ts";
import { newId } from "../core/base/ids.ts";
import { LIMITS } from "../core/base/limits.ts";
import { type Problem, problems } from "../core/base/problem.ts";
import type { RandomBytes } from "../core/base/random.ts";
import { windowOf } from "../core/reading/reading-window.ts";
import { readJson } from "../core/base/request-body.ts";
import { DAY_MS, visibleSince } from "../core/workspace/retention.ts";
import type { ExportParts, ExportRows, ExportStarter } from "../core/reading/run-export.ts";
import { filterOf, type ListEventsDependencies } from "./list-events.ts";

export interface ExportsDependencies extends ListEventsDependencies {
  rows: ExportRows;
  parts: ExportParts;
  starter: ExportStarter;
  random: RandomBytes;
}

/** Concurrent jobs of a workspace. Each reads its whole window, however long that takes. */
const MOST_RUNNING = 10;
/** Jobs kept for a workspace. A list reads the row of each; one job an hour over 7 days makes 168. */
const MOST_KEPT = 200;

/** Answers `POST …/exports`: creates a job that exports what is in the journal now. */
export async function createExport(
  workspace: Workspace,
  request: HttpRequest,
  dependencies: ExportsDependencies,
): Promise<HttpAnswer | Problem> {
  const json = readJson(request.body, LIMITS.requestBytes);
  if (!json.ok) return json.problem;
  const parsed = exportRequestSchema.safeParse(json.value);
  if (!parsed.success) return refusalOf(parsed.error);
  const jobs = await keptJobs(workspace.workspace, dependencies);
  if (jobs.length >= MOST_KEPT) return tooManyKept();
  if (jobs.filter(({ status }) => status === "running").length >= MOST_RUNNING) return tooManyExports();
  const job = await newJob(workspace, parsed.data, dependencies);
  await startJob(job, dependencies);
  return jsonAnswer(202, { ...summaryOf(job), parts: [] });
}

async function startJob(job: ExportJob, { rows, starter }: ExportsDependencies): Promise<void> {
  const stored = await rows.putJob(job);
  try {
    await starter.start(job.workspace, job.export);
  } catch (error) {
    // The caller gets an error, so this job must not count as running.
    if (stored !== "stale") await rows.putJob({ ...stored, status: "failed" });
    throw error;
  }
}

function tooManyExports(): Problem {
  return {
    kind: "too-many-exports",
    title: "Too many exports of the workspace are running",
    status: 409,
    detail: "Wait until one is done.",
    limit: `${MOST_RUNNING} at once`,
  };
}

function tooManyKept(): Problem {
  return {
    kind: "too-many-exports",
    title: "The workspace has too many exports",
    status: 409,
    detail: `Each is kept for ${EXPORT_KEPT_DAYS} days; ask again when the oldest is gone, or for longer windows at once.`,
    limit: `${MOST_KEPT} in ${EXPORT_KEPT_DAYS} days`,
  };
}

async function newJob(
  workspace: Workspace,
  asked: ExportRequest,
  { clock, random, plans, reading }: ExportsDependencies,
): Promise<ExportJob> {
  const now = clock();
  const id = newId("exp_", now, random);
  const { since, until } = windowOf(workspace, plans, now, asked);
  const newest = await reading.newestPage(workspace.workspace);
  const first = await findPageAt(workspace.workspace, since, reading);
  const end = { page: (newest?.page ?? 0) + 1, index: 0 };
  const filter = Object.entries(filterOf(asked)).filter(
    (part): part is [string, string] => part[1] !== undefined,
  );
  return {
    workspace: workspace.workspace,
    item: EXPORT_PREFIX + id,
    export: id,
    status: "running",
    format: asked.format,
    from: since,
    ...(until !== undefined && { to: until }),
    filter: Object.fromEntries(filter),
    createdAt: toTimestamp(now),
    updatedAt: toTimestamp(now),
    next: { page: first?.page ?? end.page, index: 0 },
    end,
    parts: [],
    version: 0,
    expiresAt: Math.ceil((now + EXPORT_KEPT_DAYS * DAY_MS) / 1000),
  };
}

/** Answers `GET …/exports`. */
export async function listExports(
  workspace: Workspace,
  dependencies: ExportsDependencies,
): Promise<HttpAnswer> {
  const jobs = await keptJobs(workspace.workspace, dependencies);
  return jsonAnswer(200, { items: fitting(jobs.map(summaryOf)) });
}

/** Answers `GET …/exports/{exp}`. */
export async function readExport(
  workspace: Workspace,
  id: string,
  dependencies: ExportsDependencies,
): Promise<HttpAnswer | Problem> {
  const { rows, parts, plans, clock } = dependencies;
  const found = await rows.readJob(workspace.workspace, id);
  if (found === undefined || !isKept(found, clock())) return problems.notFound("export");
  const job = await revived(found, dependencies);
  const since = visibleSince(workspace, plans, clock());
  return jsonAnswer(200, { ...summaryOf(job), parts: await partsOf(job, since, parts) });
}

async function keptJobs(workspace: string, dependencies: ExportsDependencies): Promise<ExportJob[]> {
  const now = dependencies.clock();
  const jobs = (await dependencies.rows.listJobs(workspace)).filter((job) => isKept(job, now));
  return Promise.all(jobs.map((job) => revived(job, dependencies)));
}

/** The job, restarted if its function has died, which is detected when the job is read. */
async function revived(job: ExportJob, { rows, starter, clock }: ExportsDependencies): Promise<ExportJob> {
  const next = reviveJob(job, clock());
  const stored = next === undefined ? "stale" : await rows.putJob(next);
  if (stored === "stale") return job;
  if (stored.status === "running") await starter.start(job.workspace, job.export);
  return stored;
}

// Whether the job is still to be shown. The table removes an expired row within days, the bucket its parts within a
// day.
function isKept(job: ExportJob, now: number): boolean {
  return job.expiresAt * 1000 > now;
}

function summaryOf(job: ExportJob): object {
  return {
    id: job.export,
    status: job.status,
    format: job.format,
    from: job.from ?? null,
    to: job.to ?? null,
    createdAt: job.createdAt,
    updatedAt: job.updatedAt ?? job.createdAt,
    events: job.parts.reduce((sum, { events }) => sum + events, 0),
  };
}

/** The parts of a job that has ended, without links to parts that contain events which have expired since. */
async function partsOf(job: ExportJob, since: string, parts: ExportParts): Promise<object[]> {
  if (job.status !== "done" && job.status !== "incomplete") return [];
  return Promise.all(
    job.parts.map(async (part) => {
      const { key, events, bytes, oldest, newest } = part;
      const expired = isPartExpired(job, part, since);
      const facts = { events, bytes, oldest: oldest ?? null, newest: newest ?? null, expired };
      return expired ? facts : { ...facts, url: await parts.linkTo(key) };
    }),
  );
}
