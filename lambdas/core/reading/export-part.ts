import { CSV_HEADER, csvRow, type EventFilter, matchesFilter } from "./event-query.ts";
import { recordedEventSchema } from "../entry/recorded-event.ts";
import { chunksOf } from "../entry/entry-chunks.ts";
import type { EntryReference } from "../entry/entry.ts";
import type { ExportFormat } from "./export-job.ts";
import { newestRecordedAt, type Page, type Position } from "../journal/page.ts";

/** The window to read, oldest event first. `since` and `until` are times of record. */
export interface ExportRange {
  workspace: string;
  /** Start of the window, inclusive: the start of retention or later. */
  since: string;
  /** Exclusive. */
  until: string | undefined;
  next: Position;
  end: Position | undefined;
  /** Reading ends with the first page that has an entry recorded at this time or later. */
  lastRecordedAt?: string | undefined;
}

export interface ForwardReading {
  readPagesFrom(workspace: string, page: number, limit: number): Promise<Page[]>;
  readLines(workspace: string, references: readonly EntryReference[]): Promise<Map<string, string[]>>;
}

const PAGES_A_READ = 20;

/** One step of reading: a line, or the end of the pages of one read, even if they contained nothing. */
interface Step {
  /** The position after it. */
  after: Position;
  pages: number;
  line?: string;
  recordedAt?: string;
}

/**
 * Reads the range in the order of record. About a megabyte of entries is in memory at a time, across pages, since a
 * page may hold a single event.
 */
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

function reachesLast(page: Page, { lastRecordedAt }: ExportRange): boolean {
  return lastRecordedAt !== undefined && newestRecordedAt(page) >= lastRecordedAt;
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
        if (position < skip) continue;
        const after = { page, index: first + position + 1 };
        yield { line, recordedAt: reference.recordedAt, pages: 0, after };
      }
    }
  }
}

interface EntryPlace {
  page: number;
  /** Index of the entry's first event on the page, and how many of its events lie before the range. */
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

/** A line of the export in its format; `undefined` if the filter excludes the event. */
function exportLine(
  { line, recordedAt }: { line: string; recordedAt: string },
  format: ExportFormat,
  filter: EventFilter,
): string | undefined {
  if (Object.keys(filter).length > 0 && !matchesFilter(recordedEventSchema.parse(JSON.parse(line)), filter)) {
    return undefined;
  }
  return format === "csv" ? csvRow(line, recordedAt) : `${line}\n`;
}

function exportHeader(format: ExportFormat): string {
  return format === "csv" ? CSV_HEADER : "";
}

export interface ExportPart {
  text: string;
  events: number;
  /** Times of record; empty if there are no events. */
  oldest: string;
  newest: string;
  /** Where the next part begins; absent if the range was read to its end. */
  next?: Position;
}

export interface PartRequest {
  range: ExportRange;
  format: ExportFormat;
  filter: EventFilter;
  maxBytes: number;
  /** Pages examined, including those without a matching event. */
  maxPages: number;
  /** Whether events of these two times may be in the same part. */
  mayShare(oldest: string, newest: string): boolean;
  /** Limits the time spent on a filter that matches nothing. */
  hasTime(): boolean;
}

/**
 * Reads one part: up to the first event that reaches `maxBytes`, or as far as the limits of pages, time and `mayShare`
 * allow.
 */
export async function readPart(request: PartRequest, reading: ForwardReading): Promise<ExportPart> {
  const { range, format, filter, maxBytes, maxPages, mayShare, hasTime } = request;
  const part = { chunks: [exportHeader(format)], bytes: 0, events: 0, oldest: "", newest: "" };
  const close = (next?: Position): ExportPart => {
    const { chunks, events, oldest, newest } = part;
    return { text: chunks.join(""), events, oldest, newest, ...(next !== undefined && { next }) };
  };
  let looked = 0;
  let last = range.next;
  for await (const { line, recordedAt = "", pages, after } of stepsForward(range, reading)) {
    const text = line === undefined ? undefined : exportLine({ line, recordedAt }, format, filter);
    looked += pages;
    if (text !== undefined) {
      const oldest = part.events === 0 || recordedAt < part.oldest ? recordedAt : part.oldest;
      const newest = recordedAt > part.newest ? recordedAt : part.newest;
      if (part.events > 0 && !mayShare(oldest, newest)) return close(last);
      part.chunks.push(text);
      part.bytes += Buffer.byteLength(text);
      part.events++;
      Object.assign(part, { oldest, newest });
    }
    last = after;
    if (part.bytes >= maxBytes || looked >= maxPages || !hasTime()) return close(after);
  }
  return close();
}
