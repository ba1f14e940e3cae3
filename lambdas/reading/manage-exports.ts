import { type HttpAnswer, type HttpRequest, jsonAnswer } from "../adapters/http-api.ts";
import { fitting } from "../core/answer-size.ts";
import { type ExportRequest, exportRequestSchema } from "../core/api/reading-api.ts";
import { refusalOf } from "../core/api/refusal.ts";
import { toTimestamp } from "../core/clock.ts";
import type { Workspace } from "../core/entitlement.ts";
import { EXPORT_KEPT_DAYS, EXPORT_PREFIX, type ExportJob } from "../core/export-job.ts";
import { findPageAt } from "../core/find-page-at.ts";
import { newId } from "../core/ids.ts";
import { LIMITS } from "../core/limits.ts";
import { type Problem, problems } from "../core/problem.ts";
import type { RandomBytes } from "../core/random.ts";
import { windowOf } from "../core/reading-window.ts";
import { readJson } from "../core/request-body.ts";
import { DAY_MS } from "../core/retention.ts";
import type { ExportParts, ExportRows, ExportStarter } from "../core/run-export.ts";
import { filterOf, type ListEventsDependencies } from "./list-events.ts";

export interface ExportsDependencies extends ListEventsDependencies {
  rows: ExportRows;
  parts: ExportParts;
  starter: ExportStarter;
  random: RandomBytes;
}

/** So many jobs of a workspace at once: each reads its whole window, as long as it takes. One that died counts for a day. */
const MOST_RUNNING = 10;

/** `POST …/exports`: a job over what is in the journal now. */
export async function createExport(
  workspace: Workspace,
  request: HttpRequest,
  dependencies: ExportsDependencies,
): Promise<HttpAnswer | Problem> {
  const json = readJson(request.body, LIMITS.requestBytes);
  if (!json.ok) return json.problem;
  const parsed = exportRequestSchema.safeParse(json.value);
  if (!parsed.success) return refusalOf(parsed.error);
  if (await hasAllRunning(workspace, dependencies)) return tooManyExports();
  const job = await newJob(workspace, parsed.data, dependencies);
  await dependencies.rows.putJob(job);
  await dependencies.starter.start(workspace.workspace, job.export);
  return jsonAnswer(202, await viewOf(job, dependencies.parts));
}

async function hasAllRunning(
  { workspace }: Workspace,
  { rows, clock }: ExportsDependencies,
): Promise<boolean> {
  const since = toTimestamp(clock() - DAY_MS);
  const jobs = await rows.listJobs(workspace);
  const running = jobs.filter(({ status, createdAt }) => status === "running" && createdAt > since);
  return running.length >= MOST_RUNNING;
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
    next: { page: first?.page ?? end.page, index: 0 },
    end,
    parts: [],
    version: 0,
    expiresAt: Math.ceil((now + EXPORT_KEPT_DAYS * DAY_MS) / 1000),
  };
}

/** `GET …/exports`. */
export async function listExports(
  workspace: Workspace,
  { rows, parts, clock }: ExportsDependencies,
): Promise<HttpAnswer> {
  const jobs = (await rows.listJobs(workspace.workspace)).filter((job) => isKept(job, clock()));
  return jsonAnswer(200, { items: fitting(await Promise.all(jobs.map((job) => viewOf(job, parts)))) });
}

/** `GET …/exports/{exp}`. */
export async function readExport(
  workspace: Workspace,
  id: string,
  { rows, parts, clock }: ExportsDependencies,
): Promise<HttpAnswer | Problem> {
  const job = await rows.readJob(workspace.workspace, id);
  if (job === undefined || !isKept(job, clock())) return problems.notFound("export");
  return jsonAnswer(200, await viewOf(job, parts));
}

// The table removes an expired row within days; the bucket its parts within a day.
function isKept(job: ExportJob, now: number): boolean {
  return job.expiresAt * 1000 > now;
}

async function viewOf(job: ExportJob, parts: ExportParts): Promise<object> {
  const done = job.status === "done";
  return {
    id: job.export,
    status: job.status,
    format: job.format,
    from: job.from ?? null,
    to: job.to ?? null,
    createdAt: job.createdAt,
    events: job.parts.reduce((sum, { events }) => sum + events, 0),
    parts: done
      ? await Promise.all(
          job.parts.map(async ({ key, events, bytes }) => ({ events, bytes, url: await parts.linkTo(key) })),
        )
      : [],
  };
}
