import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { wantsType } from "../destination/destination.ts";
import type { EntryReference } from "../entry/entry.ts";
import { eventId } from "../base/ids.ts";
import { type BodySize, DELIVERY_MAX_EVENTS } from "../formats/format.ts";
import { formatOf, type FormatName } from "../formats/known-formats.ts";
import type { SelectedBatch } from "./lane-event.ts";
import type { Lane, PendingBatch } from "./state.ts";
import { isRecordedIn, type Recorded } from "../journal/recorded-window.ts";
import { comparePositions, eventsOn, type Page, type Position } from "../journal/page.ts";
import { isOwnFailure } from "./owner-notice.ts";
import { joinRanges, type JournalRange, rangeOf } from "../journal/range.ts";
import { TrailcastError } from "../base/trailcast-error.ts";

/**
 * A page with the events of its entries: the recorded bytes of each event, or `absent` for an entry that is not in the
 * table.
 */
export interface LoadedPage {
  page: Page;
  events: ReadonlyMap<string, readonly Uint8Array[] | "absent">;
}

/** Decides which events a delivery takes, at the time of the selection. */
export interface SelectionRules {
  destination: string;
  eventTypes: readonly string[];
  eventTypePrefix: string;
  /** Events recorded before this timestamp have expired. */
  visibleSince: string;
  /** Milliseconds. */
  now: number;
  maxEvents: number;
  /** How many bytes the events may add to the body, and how many one event adds in the delivery's format. */
  maxBytes: number;
  sizeOf: BodySize["event"];
  /** Exclusive end: that of a replay, of a split delivery, or of the pending batch that is selected again. */
  stop?: Position | undefined;
  /** A replay's window. */
  recorded?: Recorded | undefined;
}

/**
 * The next wanted events of a lane. `seen` is how far the journal was examined, `end` where the cursor moves once they
 * are delivered.
 */
export interface BatchSelection {
  /** The first selected event. What lies before it is not wanted or has expired. */
  begin?: Position | undefined;
  seen: Position;
  end: Position;
  lines: readonly Uint8Array[];
  ids: readonly string[];
  bytes: number;
  /** True if no further event fits in, or none may be examined. */
  isComplete: boolean;
  /** Events that were passed because they had expired. */
  expired: readonly JournalRange[];
  /** When the first selected event was recorded, and its trace id. */
  oldestAt?: string | undefined;
  trace?: string | undefined;
}

/** Thrown when a page names an entry that is missing although neither its own expiry nor the present retention explains it. */
export class MissingEntryError extends TrailcastError {
  override name = "MissingEntryError";
  constructor(entry: string, page: number) {
    super(`Entry ${entry} of page ${page} is missing although it has not expired`);
  }
}

/** The most events that the next delivery takes. */
export function batchLimitOf({ batchLimit }: Pick<Lane, "batchLimit">, format: FormatName): number {
  return Math.min(formatOf(format).limits.events, batchLimit ?? DELIVERY_MAX_EVENTS);
}

export function startSelection(cursor: Position): BatchSelection {
  return { seen: cursor, end: cursor, lines: [], ids: [], bytes: 0, isComplete: false, expired: [] };
}

/** Continues with the next existing page. A missing page was purged, and its events had expired. */
export function extendSelection(
  selection: BatchSelection,
  loaded: LoadedPage,
  rules: SelectionRules,
): BatchSelection {
  const { page } = loaded.page;
  const from = page === selection.seen.page ? selection.seen.index : 0;
  const next = { ...selection, lines: [...selection.lines], ids: [...selection.ids] };
  const count = eventsOn(loaded.page);
  let first = 0;
  for (const reference of loaded.page.entries) {
    for (let index = Math.max(from, first); index < first + reference.count; index++) {
      if (rules.stop !== undefined && comparePositions({ page, index }, rules.stop) >= 0)
        return ended(next, { page, index });
      if (next.ids.length >= rules.maxEvents) return ended(next, { page, index });
      if (!isRecordedIn(reference, rules.recorded)) continue;
      const line = lineAt(loaded, reference, index - first, rules);
      if (line === undefined) next.expired = joinRanges(next.expired, [rangeOf(page, index, count)]);
      if (line === undefined || !wants(line, rules)) continue;
      const bytes = next.bytes + rules.sizeOf(line);
      if (next.ids.length > 0 && bytes > rules.maxBytes) return ended(next, { page, index });
      next.lines.push(line);
      next.ids.push(eventId(reference.entry, index - first));
      next.bytes = bytes;
      next.begin ??= { page, index };
      next.end = { page, index: index + 1 };
      next.oldestAt ??= reference.recordedAt;
      next.trace ??= reference.trace;
    }
    first += reference.count;
  }
  return past(next, page, first, rules);
}

function ended(selection: BatchSelection, seen: Position): BatchSelection {
  return { ...selection, seen, end: selection.ids.length === 0 ? seen : selection.end, isComplete: true };
}

/** The whole page was examined, so its end is the start of the next one. */
function past(
  selection: BatchSelection,
  page: number,
  count: number,
  { stop, maxEvents }: SelectionRules,
): BatchSelection {
  const seen = { page: page + 1, index: 0 };
  const isAtEnd = selection.ids.length === 0 || comparePositions(selection.end, { page, index: count }) >= 0;
  const isStopped = stop !== undefined && comparePositions(seen, stop) >= 0;
  const isComplete = isStopped || selection.ids.length >= maxEvents;
  return { ...selection, seen, end: isAtEnd ? seen : selection.end, isComplete };
}

/** The bytes of an event; `undefined` if it has expired. */
function lineAt(
  { page, events }: LoadedPage,
  reference: EntryReference,
  position: number,
  rules: SelectionRules,
): Uint8Array | undefined {
  if (reference.recordedAt < rules.visibleSince) return undefined;
  const lines = events.get(reference.entry);
  const line = lines === "absent" ? undefined : lines?.[position];
  if (line !== undefined) return line;
  if (lines === "absent" && reference.expiresAt * 1000 <= rules.now) return undefined;
  throw new MissingEntryError(reference.entry, page.page);
}

const typeSchema = z.object({ type: z.string() });

function wants(line: Uint8Array, rules: SelectionRules): boolean {
  if (isOwnFailure(line, rules.destination, rules.eventTypePrefix)) return false;
  if (rules.eventTypes.length === 0) return true;
  const { type } = typeSchema.parse(JSON.parse(Buffer.from(line).toString()));
  return wantsType(rules.eventTypes, type);
}

/** What a lane stores of its selected events. */
export function selectedBatch(
  { ids, end }: BatchSelection,
  facts: Pick<SelectedBatch, "id" | "selectedAt" | "format" | "contentVersion">,
): SelectedBatch {
  return { ...facts, end, count: ids.length, check: checkOf(ids) };
}

/** A digest by which two selections with the same events are recognised: the SHA-256 prefix of their ids. */
export function checkOf(ids: readonly string[]): string {
  return createHash("sha256").update(ids.join("\n")).digest("hex").slice(0, 16);
}

/**
 * How a pending batch differs from when it was selected. Expiry shrinks it; any other difference comes from changed
 * settings.
 */
export function compareWithPending(
  selection: BatchSelection,
  pending: PendingBatch,
): "same" | "expired" | "recut" {
  if (selection.ids.length < pending.count) return "expired";
  return selection.ids.length === pending.count && checkOf(selection.ids) === pending.check
    ? "same"
    : "recut";
}
