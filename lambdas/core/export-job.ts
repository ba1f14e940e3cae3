import * as z from "zod/mini";
import { CSV_HEADER, csvRow, type EventFilter, matchesFilter, recordedEventSchema } from "./event-query.ts";
import { chunksOf } from "./entry-chunks.ts";
import type { EntryReference } from "./entry.ts";
import { type Page, type Position, positionSchema } from "./page.ts";

/** An export that would be larger than this does not answer at once and asks for a job. */
export const MAX_DIRECT_EXPORT_BYTES = 5_000_000;
/** Nor does one that looks at more pages, about 500 reads when each holds an event: API Gateway gives up at 29 s. */
export const MAX_DIRECT_EXPORT_PAGES = 5_000;
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

/** What to read forward, oldest first. `since` and `until` are times of record. */
export interface ExportRange {
  workspace: string;
  /** Start of the window, inclusive: the start of retention or later. */
  since: string;
  /** Exclusive. */
  until: string | undefined;
  next: Position;
  end: Position | undefined;
  /** Journal time: the first page that reaches it is the last one looked at. */
  lastAt?: string | undefined;
}

export interface ForwardReading {
  readPagesFrom(workspace: string, page: number, limit: number): Promise<Page[]>;
  readLines(workspace: string, references: readonly EntryReference[]): Promise<Map<string, string[]>>;
}

const PAGES_A_READ = 20;

/** One step forward: a line, or the end of the pages of one read, however little they held. */
interface Step {
  /** The place behind it. */
  after: Position;
  pages: number;
  line?: string;
}

/** The range in the order of record; about a megabyte of entries in memory at a time, across pages, since a page may hold one event. */
async function* stepsForward(range: ExportRange, reading: ForwardReading): AsyncGenerator<Step> {
  let from = range.next.page;
  for (;;) {
    const read = await reading.readPagesFrom(range.workspace, from, PAGES_A_READ);
    const pages = upToLast(read, range);
    const last = pages.at(-1);
    if (last === undefined) return;
    yield* linesOf(pages, range, reading);
    from = last.page + 1;
    yield { after: { page: from, index: 0 }, pages: pages.length };
    if (pages.length < read.length || reachesLast(last, range)) return;
  }
}

function upToLast(pages: readonly Page[], range: ExportRange): readonly Page[] {
  const end = range.end?.page ?? Number.POSITIVE_INFINITY;
  const before = pages.filter(({ page }) => page < end);
  const last = before.findIndex((page) => reachesLast(page, range));
  return last === -1 ? before : before.slice(0, last + 1);
}

function reachesLast({ at }: Page, { lastAt }: ExportRange): boolean {
  return lastAt !== undefined && at >= lastAt;
}

async function* linesOf(
  pages: readonly Page[],
  range: ExportRange,
  reading: ForwardReading,
): AsyncGenerator<Step> {
  for (const chunk of chunksOf(pages.flatMap((page) => entriesOf(page, range)))) {
    const found = await reading.readLines(
      range.workspace,
      chunk.map(({ reference }) => reference),
    );
    for (const { page, first, skip, reference } of chunk) {
      const lines = found.get(reference.entry) ?? [];
      for (const [position, line] of lines.entries()) {
        if (position >= skip) yield { line, pages: 0, after: { page, index: first + position + 1 } };
      }
    }
  }
}

interface EntryPlace {
  page: number;
  /** Index on the page of its first event, and how many of its events lie before the range. */
  first: number;
  skip: number;
  reference: EntryReference;
}

function entriesOf({ page, entries }: Page, range: ExportRange): EntryPlace[] {
  const start = page === range.next.page ? range.next.index : 0;
  let index = 0;
  return entries.flatMap((reference) => {
    const first = index;
    index += reference.count;
    return index > start && within(reference, range) ? [{ page, first, skip: start - first, reference }] : [];
  });
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
  /** Pages looked at, whatever they hold. */
  maxPages: number;
  /** A filter that matches nothing must not outrun the invocation. */
  hasTime(): boolean;
}

/** Reads one part: up to the first event that reaches `maxBytes`, or as far as pages and time allow. */
export async function readPart(request: PartRequest, reading: ForwardReading): Promise<ExportPart> {
  const { range, format, filter, maxBytes, maxPages, hasTime } = request;
  const chunks = [exportHeader(format)];
  let bytes = 0;
  let events = 0;
  let looked = 0;
  for await (const { line, pages, after } of stepsForward(range, reading)) {
    const text = line === undefined ? undefined : exportLine(line, format, filter);
    looked += pages;
    if (text !== undefined) {
      chunks.push(text);
      bytes += Buffer.byteLength(text);
      events++;
    }
    if (bytes >= maxBytes || looked >= maxPages || !hasTime())
      return { text: chunks.join(""), events, next: after };
  }
  return { text: chunks.join(""), events };
}
