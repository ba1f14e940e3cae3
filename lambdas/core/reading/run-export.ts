import { type Clock, toTimestamp } from "../base/clock.ts";
import type { Plans } from "../workspace/entitlement.ts";
import { EXPORT_PART_BYTES, type ExportFormat, type ExportJob, MAX_EXPORT_PARTS } from "./export-job.ts";
import { type ExportPart, type ForwardReading, readPart } from "./export-part.ts";
import type { RandomBytes } from "../base/random.ts";
import { visibleSince } from "../workspace/retention.ts";
import type { WorkspaceReader } from "../workspace/workspace-store.ts";

export interface ExportRows {
  readJob(workspace: string, id: string): Promise<ExportJob | undefined>;
  /** Newest first. */
  listJobs(workspace: string): Promise<ExportJob[]>;
  /**
   * Stores the job with its version plus one, on the condition that the row still has `job.version` (0: that there is
   * no row).
   */
  putJob(job: ExportJob): Promise<ExportJob | "stale">;
}

export interface ExportParts {
  /**
   * Uses a new key each time: two runs of one job may divide its parts differently, and the row names the parts of one
   * of them.
   */
  putPart(key: string, text: string, format: ExportFormat): Promise<void>;
  /** A link that is valid for `EXPORT_LINK_SECONDS`. */
  linkTo(key: string): Promise<string>;
}

export interface ExportStarter {
  start(workspace: string, id: string): Promise<void>;
}

export interface RunExportDependencies {
  workspaces: WorkspaceReader;
  rows: ExportRows;
  parts: ExportParts;
  reading: ForwardReading;
  plans: Plans;
  clock: Clock;
  random: RandomBytes;
  hasTime(): boolean;
  /** Bytes of a part; tests use less. */
  partBytes?: number;
}

/**
 * Writes parts of a job until it is complete or was taken over by another run (`finished`), or time runs out
 * (`unfinished`).
 */
export async function runExport(
  workspaceId: string,
  id: string,
  dependencies: RunExportDependencies,
): Promise<"finished" | "unfinished"> {
  const { workspaces, rows } = dependencies;
  while (dependencies.hasTime()) {
    const job = await rows.readJob(workspaceId, id);
    const workspace = await workspaces.readWorkspace(workspaceId);
    if (job?.status !== "running" || workspace === undefined || workspace.endedAt !== undefined)
      return "finished";
    const since = visibleSince(workspace, dependencies.plans, dependencies.clock());
    const next = await writePart(job, since, dependencies);
    if ((await rows.putJob(next)) === "stale") return "finished";
  }
  return "unfinished";
}

/** Parts near the start of the window cover no shorter span than this. */
const SHORTEST_SPAN_MS = 15 * 60_000;

/**
 * A part is handed out until its oldest event expires. A part covers at most as much time as remains until then, so
 * that events which expire soon are in short parts. This makes about ten more parts a job, whatever the window.
 */
function sharesPart(visible: string): (oldest: string, newest: string) => boolean {
  const since = visible === "" ? Number.NEGATIVE_INFINITY : Date.parse(visible);
  return (oldest, newest) => {
    const begin = Date.parse(oldest);
    return Date.parse(newest) - begin <= Math.max(SHORTEST_SPAN_MS, begin - since);
  };
}

async function writePart(
  job: ExportJob,
  visible: string,
  dependencies: RunExportDependencies,
): Promise<ExportJob> {
  const { reading, hasTime, clock } = dependencies;
  const { workspace, format, filter, from, to, next, end } = job;
  const since = from !== undefined && from > visible ? from : visible;
  const part = await readPart(
    {
      range: { workspace, since, until: to, next, end },
      format,
      filter,
      maxBytes: dependencies.partBytes ?? EXPORT_PART_BYTES,
      maxPages: Number.POSITIVE_INFINITY,
      mayShare: sharesPart(visible),
      hasTime,
    },
    reading,
  );
  const parts = part.events === 0 ? job.parts : [...job.parts, await store(job, part, dependencies)];
  return { ...job, ...standing(part, parts.length), parts, restarts: 0, updatedAt: toTimestamp(clock()) };
}

function standing({ next }: ExportPart, parts: number): Partial<Pick<ExportJob, "status" | "next">> {
  if (next === undefined) return { status: "done" };
  return parts < MAX_EXPORT_PARTS ? { next } : { next, status: "incomplete" };
}

async function store(
  job: ExportJob,
  { text, events, oldest, newest }: ExportPart,
  { parts, random }: RunExportDependencies,
): Promise<ExportJob["parts"][number]> {
  const { workspace, format } = job;
  const number = String(job.parts.length + 1).padStart(5, "0");
  const key = `${workspace}/${job.export}/part-${number}-${Buffer.from(random(8)).toString("hex")}.${format}`;
  await parts.putPart(key, text, format);
  return { key, events, bytes: Buffer.byteLength(text), oldest, newest };
}
