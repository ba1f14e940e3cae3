import { createHash } from "node:crypto";
import type { Entry } from "../../lambdas/core/entry/entry.ts";
import { referenceOf } from "../../lambdas/core/entry/build-entry.ts";
import type { JournalRecord } from "../../lambdas/core/journal/find-in-journal.ts";
import { streamPosition } from "../../lambdas/core/journal/page.ts";
import type { ReadRecord } from "../../lambdas/core/fan-out/stream-record.ts";
import { eventsPartition } from "../../lambdas/core/base/table-schema.ts";

export const LABEL = "2026-11-23T00:00:00.000";

/** An entry named after a number, as ingest would have stored it. Its body does not contain real events. */
export function storedEntry(name: number, changes: Partial<Entry> = {}): Entry {
  const { workspace = "ws_1", shard = 0, count = 1 } = changes;
  const body = new TextEncoder().encode(
    Array.from({ length: count }, (_, index) => `{"entry":${name},"index":${index}}`).join("\n"),
  );
  return {
    partition: eventsPartition(workspace, shard),
    entry: `ent_${String(name).padStart(26, "0")}`,
    workspace,
    shard,
    recordedAt: new Date(Date.UTC(2026, 10, 23) + name * 1000).toISOString(),
    expiresAt: Date.UTC(2027, 10, 23) / 1000,
    count,
    bytes: body.byteLength,
    encoding: "plain",
    body,
    hash: createHash("sha256").update(body).digest("hex"),
    requestHash: "",
    ...changes,
  };
}

export function journalRecord(entry: Entry, sequenceNumber: number, label = LABEL): JournalRecord {
  return { position: streamPosition(label, String(sequenceNumber)), reference: referenceOf(entry) };
}

/** The record of an entry as fan-out reads it from the stream. */
export function readRecord(
  entry: Entry,
  sequenceNumber: number,
  label = LABEL,
): Extract<ReadRecord, { ok: true }> {
  return {
    ok: true,
    label,
    sequenceNumber: String(sequenceNumber),
    workspace: entry.workspace,
    record: journalRecord(entry, sequenceNumber, label),
  };
}

/** The same record in a form that its schema refuses. */
export function poisonRecord(
  entry: Entry,
  sequenceNumber: number,
  label = LABEL,
): Extract<ReadRecord, { ok: false }> {
  const { partition, entry: key } = entry;
  return { ok: false, label, sequenceNumber: String(sequenceNumber), partition, entry: key };
}
