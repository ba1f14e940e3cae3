import * as z from "zod/mini";
import { toTimestamp } from "../base/clock.ts";
import { positionSchema } from "../journal/page.ts";

/** An export that would be larger than this does not answer at once and asks for a job. */
export const MAX_DIRECT_EXPORT_BYTES = 5_000_000;
/** Nor does one that looks at more pages, about 500 reads when each holds an event: API Gateway gives up at 29 s. */
export const MAX_DIRECT_EXPORT_PAGES = 5_000;
/** A part in S3 is closed at the first event that reaches this; a job holds one part in memory. */
export const EXPORT_PART_BYTES = 8_000_000;
/** A row names about 230 bytes a part, and an item holds 400 kB: a job that reaches this many ends `incomplete`. */
export const MAX_EXPORT_PARTS = 1_000;
/** Links to parts are valid this long, rows and parts are kept this long. */
export const EXPORT_LINK_SECONDS = 900;
export const EXPORT_KEPT_DAYS = 7;

export const exportFormatSchema = z.enum(["ndjson", "csv"]);
export type ExportFormat = z.infer<typeof exportFormatSchema>;

/** `incomplete`: as far as a job may go. `failed`: started again and again without getting on. */
export const exportStatusSchema = z.enum(["running", "done", "incomplete", "failed"]);

/** A part in the bucket; `oldest` and `newest` are the times of record of its events, absent in rows from before they were kept. */
export const exportPartSchema = z.object({
  key: z.string(),
  events: z.number(),
  bytes: z.number(),
  oldest: z.optional(z.string()),
  newest: z.optional(z.string()),
});

/**
 * A job that writes the events of a window to S3. `next` is where it stands, `end` (exclusive) was fixed at its creation, so that it
 * ends however fast events arrive. `from` and `to` are times of record, `to` exclusive. Every write is conditional on `version`.
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
  /** When the job was last written: at its start, with each part, when it is started again. */
  updatedAt: z.optional(z.string()),
  /** Starts since its last part. */
  restarts: z.optional(z.number()),
  version: z.number(),
  expiresAt: z.number(),
});
export type ExportJob = z.infer<typeof exportJobSchema>;
/** Who keeps export jobs is held by its role to rows of these. */
export const EXPORT_ATTRIBUTES: readonly string[] = Object.keys(exportJobSchema.shape);

export const EXPORT_PREFIX = "export#";

/** An invocation writes its job within 15 minutes, or has died. */
const STANDS_STILL_MS = 20 * 60_000;
const MOST_RESTARTS = 5;
const GIVEN_UP_MS = 24 * 60 * 60_000;

/**
 * What becomes of a running job that has not moved for too long: it starts again, or fails after so many times or a day, lest it
 * stand in the way of others. `undefined` for any other.
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

/** Whether a part holds an event that has expired: it is not handed out any more. */
export function isPartExpired(
  job: ExportJob,
  part: z.infer<typeof exportPartSchema>,
  visibleSince: string,
): boolean {
  return (part.oldest ?? job.from ?? "") < visibleSince;
}
