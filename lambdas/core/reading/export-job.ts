import * as z from "zod/mini";
import { toTimestamp } from "../base/clock.ts";
import { positionSchema } from "../journal/page.ts";

/** A larger export is not answered directly; the answer says to create an export job. */
export const MAX_DIRECT_EXPORT_BYTES = 5_000_000;
/**
 * The same holds for an export that examines more pages: that can take about 500 reads, and API Gateway times out at 29
 * s.
 */
export const MAX_DIRECT_EXPORT_PAGES = 5_000;
/** A part in S3 ends with the first event that reaches this size. A job holds one part in memory. */
export const EXPORT_PART_BYTES = 8_000_000;
/**
 * Each part takes about 230 bytes of the job's row, and an item holds 400 kB. A job that reaches this number ends as
 * `incomplete`.
 */
export const MAX_EXPORT_PARTS = 1_000;
/** How long links to parts are valid, and how long rows and parts are kept. */
export const EXPORT_LINK_SECONDS = 900;
export const EXPORT_KEPT_DAYS = 7;

export const exportFormatSchema = z.enum(["ndjson", "csv"]);
export type ExportFormat = z.infer<typeof exportFormatSchema>;

/**
 * `incomplete`: the job reached its maximum number of parts. `failed`: it was started repeatedly without making
 * progress.
 */
export const exportStatusSchema = z.enum(["running", "done", "incomplete", "failed"]);

/**
 * A part in the bucket. `oldest` and `newest` are the times of record of its events; rows written before they existed
 * lack them.
 */
export const exportPartSchema = z.object({
  key: z.string(),
  events: z.number(),
  bytes: z.number(),
  oldest: z.optional(z.string()),
  newest: z.optional(z.string()),
});

/**
 * A job that writes the events of a window to S3. `next` is its current position. `end` (exclusive) was fixed when it
 * was created, so that it finishes however fast events arrive. `from` and `to` are times of record, `to` exclusive.
 * Every write is conditional on `version`.
 */
export const exportJobSchema = z.object({
  workspace: z.string(),
  item: z.string(),
  export: z.string(),
  status: exportStatusSchema,
  format: exportFormatSchema,
  from: z.optional(z.string()),
  to: z.optional(z.string()),
  filter: z.record(z.string(), z.string()),
  createdAt: z.string(),
  next: positionSchema,
  end: positionSchema,
  parts: z.array(exportPartSchema),
  /** When the job was last written: at its start, with each part, and when it is restarted. */
  updatedAt: z.optional(z.string()),
  /** Number of starts since its last part. */
  restarts: z.optional(z.number()),
  version: z.number(),
  expiresAt: z.number(),
});
export type ExportJob = z.infer<typeof exportJobSchema>;
/** The attributes of a job's row. The role of the reading function may put rows with these attributes only. */
export const EXPORT_ATTRIBUTES: readonly string[] = Object.keys(exportJobSchema.shape);

export const EXPORT_PREFIX = "export#";

/**
 * An invocation that has not written its job for 15 minutes no longer exists, since that is Lambda's longest time-out.
 */
const STANDS_STILL_MS = 20 * 60_000;
const MOST_RESTARTS = 5;
const GIVEN_UP_MS = 24 * 60 * 60_000;

/**
 * What to do with a running job that has made no progress for too long: restart it, or mark it as failed after too many
 * starts or a day, so that it does not block other jobs. `undefined` for any other job.
 */
export function reviveJob(job: ExportJob, now: number): ExportJob | undefined {
  const movedAt = Date.parse(job.updatedAt ?? job.createdAt);
  if (job.status !== "running" || now - movedAt < STANDS_STILL_MS) return undefined;
  const restarts = job.restarts ?? 0;
  const updatedAt = toTimestamp(now);
  return restarts < MOST_RESTARTS && now - Date.parse(job.createdAt) < GIVEN_UP_MS
    ? { ...job, updatedAt, restarts: restarts + 1 }
    : { ...job, updatedAt, status: "failed" };
}

/** Whether a part contains an expired event. Such a part is no longer handed out. */
export function isPartExpired(
  job: ExportJob,
  part: z.infer<typeof exportPartSchema>,
  visibleSince: string,
): boolean {
  return (part.oldest ?? job.from ?? "") < visibleSince;
}
