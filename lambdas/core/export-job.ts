import * as z from "zod/mini";
import { CSV_HEADER, csvRow, type EventFilter, matchesFilter, recordedEventSchema } from "./event-query.ts";
import type { EntryReference } from "./entry.ts";
import { type Page, type Position, positionSchema } from "./page.ts";

/** An export that would be larger than this does not answer at once and asks for a job. */
export const MAX_DIRECT_EXPORT_BYTES = 5_000_000;
/** A part in S3 is closed at the first event that reaches this; a job holds one part in memory. */
export const EXPORT_PART_BYTES = 8_000_000;
/** Links to parts are valid this long, rows and parts are kept this long. */
export const EXPORT_LINK_SECONDS = 900;
export const EXPORT_KEPT_DAYS = 7;

export const exportFormatSchema = z.enum(["ndjson", "csv"]);
export type ExportFormat = z.infer<typeof exportFormatSchema>;

/**
 * A job that writes the events of a window to S3. `next` is where it stands, `end` (exclusive) was fixed at its creation, so that it
 * ends however fast events arrive. `from` and `to` are times of record, `to` exclusive. Every write is conditional on `version`.
 */
export const exportJobSchema = z.object({
  workspace: z.string(),
  item: z.string(),
  export: z.string(),
  status: z.enum(["running", "done"]),
  format: exportFormatSchema,
  from: z.optional(z.string()),
  to: z.optional(z.string()),
  filter: z.record(z.string(), z.string()),
  createdAt: z.string(),
  next: positionSchema,
  end: positionSchema,
  parts: z.array(z.object({ key: z.string(), events: z.number(), bytes: z.number() })),
  version: z.number(),
  expiresAt: z.number(),
});
export type ExportJob = z.infer<typeof exportJobSchema>;
/** Who keeps export jobs is held by its role to rows of these. */
export const EXPORT_ATTRIBUTES: readonly string[] = Object.keys(exportJobSchema.shape);

export const EXPORT_PREFIX = "export#";

/** What to read forward, oldest first. */
export interface ExportRange {
  workspace: string;
  /** Start of the window, inclusive: the start of retention or later. */
  since: string;
  /** Exclusive. */
  until: string | undefined;
  next: Position;
  end: Position | undefined;
}

export interface ForwardReading {
  readPagesFrom(workspace: string, page: number, limit: number): Promise<Page[]>;
  readLines(workspace: string, references: readonly EntryReference[]): Promise<Map<string, string[]>>;
}

const PAGES_A_READ = 4;

/** The lines of a range in the order of record, each with the place after it; one entry in memory at a time. */
export async function* linesForward(
  range: ExportRange,
  reading: ForwardReading,
): AsyncGenerator<{ line: string; after: Position }> {
  let from = range.next.page;
  for (;;) {
    const pages = await reading.readPagesFrom(range.workspace, from, PAGES_A_READ);
    for (const page of pages) {
      if (range.end !== undefined && page.page >= range.end.page) return;
      yield* linesOf(page, range, reading);
    }
    const last = pages.at(-1);
    if (last === undefined) return;
    from = last.page + 1;
  }
}

async function* linesOf(
  page: Page,
  range: ExportRange,
  reading: ForwardReading,
): AsyncGenerator<{ line: string; after: Position }> {
  const skip = page.page === range.next.page ? range.next.index : 0;
  let index = 0;
  for (const reference of page.entries) {
    const first = index;
    index += reference.count;
    if (index <= skip || !within(reference, range)) continue;
    const lines = (await reading.readLines(range.workspace, [reference])).get(reference.entry) ?? [];
    for (const [position, line] of lines.entries()) {
      if (first + position >= skip) yield { line, after: { page: page.page, index: first + position + 1 } };
    }
  }
}

function within({ recordedAt }: EntryReference, { since, until }: ExportRange): boolean {
  return recordedAt >= since && (until === undefined || recordedAt < until);
}

/** A line of the export in its format, or `undefined` when the filter leaves the event out. */
export function exportLine(line: string, format: ExportFormat, filter: EventFilter): string | undefined {
  if (Object.keys(filter).length > 0 && !matchesFilter(recordedEventSchema.parse(JSON.parse(line)), filter)) {
    return undefined;
  }
  return format === "csv" ? csvRow(line) : `${line}\n`;
}

export function exportHeader(format: ExportFormat): string {
  return format === "csv" ? CSV_HEADER : "";
}

export interface ExportPart {
  text: string;
  events: number;
  /** Where the next part begins; absent when the range has been read to its end. */
  next?: Position;
}

export interface PartRequest {
  range: ExportRange;
  format: ExportFormat;
  filter: EventFilter;
  maxBytes: number;
  /** A filter that matches nothing must not outrun the invocation. */
  hasTime(): boolean;
}

/** Reads one part: up to the first event that reaches `maxBytes`, or as far as time allows. */
export async function readPart(request: PartRequest, reading: ForwardReading): Promise<ExportPart> {
  const { range, format, filter, maxBytes, hasTime } = request;
  const chunks = [exportHeader(format)];
  let bytes = 0;
  let events = 0;
  for await (const { line, after } of linesForward(range, reading)) {
    const text = exportLine(line, format, filter);
    if (text !== undefined) {
      chunks.push(text);
      bytes += Buffer.byteLength(text);
      events++;
    }
    if (bytes >= maxBytes || !hasTime()) return { text: chunks.join(""), events, next: after };
  }
  return { text: chunks.join(""), events };
}
