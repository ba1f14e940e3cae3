import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { parseJson } from "../base/json.ts";
import { bytesInAnswer, MAX_ANSWER_BYTES } from "./answer-size.ts";
import { type EventFilter, matchesFilter } from "./event-query.ts";
import { type RecordedEvent, recordedEventSchema } from "../entry/recorded-event.ts";
import { chunksOf } from "../entry/entry-chunks.ts";
import type { EntryReference } from "../entry/entry.ts";
import type { Page, Position } from "../journal/page.ts";

/**
 * No request examines more than this, whatever its filter excludes: it answers with what it found and a cursor to
 * continue.
 */
export const MAX_EXAMINED_EVENTS = 2_000;
export const MAX_EXAMINED_BYTES = 8_000_000;
/** Limits pages as well, because pages may contain nothing that the window shows. */
export const MAX_EXAMINED_PAGES = 1_000;
const PAGES_A_READ = 4;
/** Bytes of a comma and `"recordedAt":"…"` with escaped quotes. */
const BYTES_BESIDE_LINE = 60;

/**
 * A query for a page of events, newest first. `since` is the start of the retention window or later. Times are times of
 * record, inclusive.
 */
export interface EventQuery {
  workspace: string;
  since: string;
  /** Exclusive. */
  until: string | undefined;
  filter: EventFilter;
  limit: number;
  /** Continue before this position (exclusive). */
  before: Position | undefined;
}

/** An event as recorded, with its time of record. */
export type ListedEvent = RecordedEvent & { recordedAt: string };

export interface EventPage {
  events: ListedEvent[];
  /** The position at which to continue; absent if the window was read to its end. */
  next?: Position;
}

export interface JournalReading {
  /** Existing pages from `page` downwards, newest first; `undefined` starts at the newest page. */
  readPagesBack(workspace: string, page: number | undefined, limit: number): Promise<Page[]>;
  /**
   * Number of the newest page that may contain an event recorded before `time`; `undefined` means the newest page of
   * all.
   */
  pageAt(workspace: string, time: string): Promise<number | undefined>;
  /** The stored lines (one CloudEvent each) of these entries. Entries that were removed are missing from the map. */
  readLines(workspace: string, references: readonly EntryReference[]): Promise<Map<string, string[]>>;
}

interface Place {
  index: number;
  reference: EntryReference;
  position: number;
}

/** One event examined, or the end of a page, whose position is that of its first event. */
interface Step {
  at: Position;
  kind: "place" | "page";
  /** Absent if the entry was removed. */
  line?: string | undefined;
  recordedAt?: string;
}

/**
 * Reads backwards from the newest event until there are `limit` matches, the window ends, or a limit of the request or
 * its answer is reached.
 */
export async function readEventsBack(query: EventQuery, reading: JournalReading): Promise<EventPage> {
  const events: ListedEvent[] = [];
  const examined = { place: 0, page: 0, bytes: 0 };
  let answered = 0;
  let last = query.before;
  for await (const { at, kind, line, recordedAt = "" } of stepsBack(query, reading)) {
    examined[kind]++;
    const event = line === undefined ? undefined : recordedEventSchema.parse(JSON.parse(line));
    if (line !== undefined && event !== undefined) {
      examined.bytes += line.length;
      if (matchesFilter(event, query.filter)) {
        answered += bytesInAnswer(line) + BYTES_BESIDE_LINE;
        if (answered > MAX_ANSWER_BYTES && events.length > 0 && last !== undefined)
          return { events, next: last };
        events.push({ ...event, recordedAt });
      }
    }
    last = at;
    if (events.length >= query.limit || isEnough(examined)) return { events, next: last };
  }
  return { events };
}

function isEnough(examined: { place: number; page: number; bytes: number }): boolean {
  return (
    examined.place >= MAX_EXAMINED_EVENTS ||
    examined.page >= MAX_EXAMINED_PAGES ||
    examined.bytes >= MAX_EXAMINED_BYTES
  );
}

/** The events of the window, newest first. Their entries are read a few at a time, as the caller consumes them. */
async function* stepsBack(query: EventQuery, reading: JournalReading): AsyncGenerator<Step> {
  let from = query.before?.page ?? (await startPage(query, reading));
  for (;;) {
    const pages = await reading.readPagesBack(query.workspace, from, PAGES_A_READ);
    for (const page of pages) {
      if (page.at < query.since) return;
      yield* stepsOf(page, query, reading);
    }
    const last = pages.at(-1);
    if (last === undefined || last.page === 1) return;
    from = last.page - 1;
  }
}

async function* stepsOf(page: Page, query: EventQuery, reading: JournalReading): AsyncGenerator<Step> {
  for (const chunk of chunksOf(placesBack(page, query))) {
    const lines = await reading.readLines(query.workspace, referencesOf(chunk));
    for (const { index, reference, position } of chunk) {
      const line = lines.get(reference.entry)?.[position];
      yield { at: { page: page.page, index }, kind: "place", line, recordedAt: reference.recordedAt };
    }
  }
  yield { at: { page: page.page, index: 0 }, kind: "page" };
}

async function startPage(query: EventQuery, reading: JournalReading): Promise<number | undefined> {
  return query.until === undefined ? undefined : reading.pageAt(query.workspace, query.until);
}

/** The events of a page that the query may examine, newest first. A page may contain entries far older than itself. */
function placesBack(page: Page, query: EventQuery): Place[] {
  const { since, until } = query;
  const places = placesOf(page).filter(
    ({ reference: { recordedAt } }) => recordedAt >= since && (until === undefined || recordedAt < until),
  );
  const before = query.before;
  const wanted = before?.page === page.page ? places.filter(({ index }) => index < before.index) : places;
  return wanted.toReversed();
}

function placesOf(page: Page): Place[] {
  let index = 0;
  return page.entries.flatMap((reference) =>
    Array.from({ length: reference.count }, (_, position) => ({
      index: index++,
      reference,
      position,
    })),
  );
}

function referencesOf(places: readonly Place[]): EntryReference[] {
  return [...new Set(places.map(({ reference }) => reference))];
}

// Whole numbers that can be compared with those of the table: a cursor comes from outside, and its fingerprint is no
// signature.
const placeSchema = z.object({ page: z.int().check(z.positive()), index: z.int().check(z.nonnegative()) });
const cursorSchema = z.object({ at: placeSchema, of: z.string() });

/** A cursor is only valid for the query that it came from; with another filter or window it is refused. */
export function encodeCursor(position: Position, asked: readonly (string | undefined)[]): string {
  return Buffer.from(JSON.stringify({ at: position, of: fingerprint(asked) })).toString("base64url");
}

/** `undefined` if the text is no cursor or belongs to another query. */
export function decodeCursor(text: string, asked: readonly (string | undefined)[]): Position | undefined {
  const parsed = cursorSchema.safeParse(parseJson(Buffer.from(text, "base64url").toString()));
  return parsed.success && parsed.data.of === fingerprint(asked) ? parsed.data.at : undefined;
}

function fingerprint(asked: readonly (string | undefined)[]): string {
  return createHash("sha256").update(JSON.stringify(asked)).digest("hex").slice(0, 16);
}
