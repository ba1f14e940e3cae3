import { createHash } from "node:crypto";
import { toTimestamp } from "../base/clock.ts";
import type { Entry, EntryReference } from "./entry.ts";
import { packBody } from "./entry-body.ts";
import { buildEnvelope, type EnvelopeSettings } from "./envelope.ts";
import type { PostedEvent } from "./event-schema.ts";
import { eventId } from "../base/ids.ts";
import { LIMITS } from "../base/limits.ts";
import type { Problem } from "../base/problem.ts";
import { expiryOf, NEVER_EXPIRES } from "../workspace/retention.ts";
import { eventsPartition } from "../base/table-schema.ts";

/** What one request asks to record. */
export interface EntryRequest {
  workspace: string;
  entry: string;
  shard: number;
  events: readonly PostedEvent[];
  /** SHA-256 (hex) of the request. A repeat under the same key must have the same hash. */
  requestHash: string;
  trace: string | undefined;
  /** How many days the entry stays stored, counted from now; `null` means for ever. */
  keptDays: number | null;
  retentionInternal?: boolean | undefined;
}

export type BuiltEntry = { ok: true; entry: Entry } | { ok: false; problem: Problem };

export function sha256(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function eventTooLarge(index: number): Problem {
  return {
    kind: "event-too-large",
    title: "An event is too large",
    status: 413,
    detail: "Shorten its description or metadata, or keep large content elsewhere and record a reference.",
    field: `events[${index}]`,
    limit: `${LIMITS.eventBytes} bytes`,
  };
}

function entryTooLarge(): Problem {
  return {
    kind: "entry-too-large",
    title: "The events of the request are too large together",
    status: 413,
    detail: "Spread them over several requests; the limit is on what is stored, compressed where that helps.",
    field: "events",
    limit: `${LIMITS.storedBytes} bytes as stored`,
  };
}

// The envelope contains all that was posted and more. Only if it exceeds the limit does the event have to be measured
// by itself.
function isTooLarge(event: PostedEvent, line: string): boolean {
  return (
    Buffer.byteLength(line) > LIMITS.eventBytes &&
    Buffer.byteLength(JSON.stringify(event)) > LIMITS.eventBytes
  );
}

/** Builds the item that stores a request at `now` (milliseconds). Events are serialised here and never again. */
export function buildEntry(request: EntryRequest, now: number, settings: EnvelopeSettings): BuiltEntry {
  const { workspace, entry, shard, events, requestHash, trace } = request;
  const recordedAt = toTimestamp(now);
  const lines: string[] = [];
  for (const [index, event] of events.entries()) {
    const facts = { id: eventId(entry, index), workspace, recordedAt };
    const line = buildEnvelope(event, facts, settings);
    if (isTooLarge(event, line)) return { ok: false, problem: eventTooLarge(index) };
    lines.push(line);
  }
  const plain = Buffer.from(lines.join("\n"));
  const stored = packBody(plain);
  if (stored.body.byteLength > LIMITS.storedBytes) return { ok: false, problem: entryTooLarge() };
  return {
    ok: true,
    entry: {
      partition: eventsPartition(workspace, shard),
      entry,
      workspace,
      shard,
      recordedAt,
      expiresAt: request.keptDays === null ? NEVER_EXPIRES : expiryOf(recordedAt, request.keptDays),
      count: lines.length,
      bytes: plain.byteLength,
      ...stored,
      hash: sha256(plain),
      requestHash,
      ...(trace !== undefined && { trace }),
      ...(request.retentionInternal === true && { retentionInternal: true }),
    },
  };
}

/** The reference to an entry that a journal page stores. */
export function referenceOf(entry: Entry): EntryReference {
  const { entry: key, shard, recordedAt, count, bytes, expiresAt, hash, trace, retentionInternal } = entry;
  return {
    entry: key,
    shard,
    recordedAt,
    count,
    bytes,
    expiresAt,
    hash,
    ...(trace !== undefined && { trace }),
    ...(retentionInternal !== undefined && { retentionInternal }),
  };
}

/** The ids of an entry's events, in order. */
export function eventIdsOf(entry: Pick<Entry, "entry" | "count">): string[] {
  return Array.from({ length: entry.count }, (_, position) => eventId(entry.entry, position));
}
