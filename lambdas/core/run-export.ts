import type { Clock } from "./clock.ts";
import type { Plans } from "./entitlement.ts";
import {
  EXPORT_PART_BYTES,
  type ExportFormat,
  type ExportJob,
  type ForwardReading,
  readPart,
} from "./export-job.ts";
import { visibleSince } from "./retention.ts";
import type { WorkspaceReader } from "./stores.ts";

export interface ExportRows {
  readJob(workspace: string, id: string): Promise<ExportJob | undefined>;
  /** Newest first. */
  listJobs(workspace: string): Promise<ExportJob[]>;
  /** Under the condition that the row is still at `job.version` (0: that there is none); stores it plus one. */
  putJob(job: ExportJob): Promise<ExportJob | "stale">;
}

export interface ExportParts {
  /** Under its key; a repeat replaces it by the same. */
  putPart(key: string, text: string, format: ExportFormat): Promise<void>;
  /** A link that is good for `EXPORT_LINK_SECONDS`. */
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
  hasTime(): boolean;
  /** Bytes of a part; smaller in tests. */
  partBytes?: number;
}

/** Writes parts of a job until it is done, time is short (`unfinished`), or another run has taken it over (`finished`). */
export async function runExport(
  workspaceId: string,
  id: string,
  dependencies: RunExportDependencies,
): Promise<"finished" | "unfinished"> {
  const { workspaces, rows } = dependencies;
  while (dependencies.hasTime()) {
    const job = await rows.readJob(workspaceId, id);
    const workspace = await workspaces.readWorkspace(workspaceId);
    if (job === undefined || workspace === undefined || job.status === "done") return "finished";
    const since = visibleSince(workspace, dependencies.plans, dependencies.clock());
    const next = await writePart(job, since, dependencies);
    if ((await rows.putJob(next)) === "stale") return "finished";
  }
  return "unfinished";
}

async function writePart(
  job: ExportJob,
  visible: string,
  { parts, reading, hasTime, partBytes }: RunExportDependencies,
): Promise<ExportJob> {
  const { workspace, format, filter, from, to, next, end } = job;
  const since = from !== undefined && from > visible ? from : visible;
  const range = { workspace, since, until: to, next, end };
  const maxBytes = partBytes ?? EXPORT_PART_BYTES;
  const request = { range, format, filter, maxBytes, maxPages: Number.POSITIVE_INFINITY, hasTime };
  const part = await readPart(request, reading);
  const position = part.next === undefined ? { status: "done" as const } : { next: part.next };
  if (part.events === 0) return { ...job, ...position };
  const key = `${workspace}/${job.export}/part-${String(job.parts.length + 1).padStart(5, "0")}.${format}`;
  await parts.putPart(key, part.text, format);
  const written = { key, events: part.events, bytes: Buffer.byteLength(part.text) };
  return { ...job, ...position, parts: [...job.parts, written] };
}
