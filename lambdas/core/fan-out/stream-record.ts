import * as z from "zod/mini";
import { type Entry, type EntryReference, RENAMED_ENTRY_ATTRIBUTES } from "../entry/entry.ts";
import { renamedAttributes } from "../base/renamed-attributes.ts";
import type { JournalRecord } from "../journal/find-in-journal.ts";
import { isEntryKey, isWorkspaceId } from "../base/ids.ts";
import { PAGE_MAX_EVENTS, streamPosition } from "../journal/page.ts";
import { eventsPartition } from "../base/table-schema.ts";

const text = z.pipe(
  z.object({ S: z.string() }),
  z.transform(({ S }) => S),
);
const number = z.pipe(
  z.object({ N: z.string() }),
  z.transform(({ N }) => Number(N)),
);

const flag = z.pipe(
  z.object({ BOOL: z.boolean() }),
  z.transform(({ BOOL }) => BOOL),
);

/** The attributes of an entry's stream image that the journal needs. The body is not decoded. */
const imageSchema = renamedAttributes(
  z.object({
    partition: text,
    workspace: text,
    entry: text,
    shard: number,
    recordedAt: text,
    expiresAt: number,
    count: number,
    bytes: number,
    hash: text,
    trace: z.optional(text),
    retentionInternal: z.optional(flag),
  }),
  RENAMED_ENTRY_ATTRIBUTES,
);

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Whether an entry is one that the journal can reference and delivery can read. */
export function isSound(entry: Pick<Entry, "partition" | "workspace"> & EntryReference): boolean {
  const { partition, workspace, shard, recordedAt, expiresAt, count, bytes, hash } = entry;
  return (
    isWorkspaceId(workspace) &&
    isEntryKey(entry.entry) &&
    [shard, expiresAt, count, bytes].every(isCount) &&
    partition === eventsPartition(workspace, shard) &&
    count >= 1 &&
    count <= PAGE_MAX_EVENTS &&
    !Number.isNaN(Date.parse(recordedAt)) &&
    /^[0-9a-f]{64}$/.test(hash)
  );
}

/**
 * A record without these fields cannot even be put into quarantine: the event is no DynamoDB stream batch, and the
 * invocation fails.
 */
const streamRecordSchema = z.object({
  eventName: z.string(),
  eventSourceARN: z.string(),
  dynamodb: z.object({
    SequenceNumber: z.string(),
    Keys: z.optional(z.record(z.string(), z.unknown())),
    NewImage: z.optional(z.unknown()),
  }),
});

export const streamEventSchema = z.object({ Records: z.array(streamRecordSchema) });
export type StreamRecord = z.infer<typeof streamRecordSchema>;

/** The position of a record in the stream. */
export interface StreamPlace {
  label: string;
  sequenceNumber: string;
}

export type ReadRecord = StreamPlace &
  ({ ok: true; workspace: string; record: JournalRecord } | { ok: false; partition: string; entry: string });

/**
 * The label in `…:table/NAME/stream/LABEL` is the time at which the stream was created, so that comparing labels
 * compares times.
 */
function labelOf(eventSourceArn: string): string {
  return eventSourceArn.slice(eventSourceArn.lastIndexOf("/") + 1);
}

function keyOf(record: StreamRecord, name: string): string {
  const parsed = text.safeParse(record.dynamodb.Keys?.[name]);
  return parsed.success ? parsed.data : "";
}

/** Parses a stream record for the journal. A record that does not fit the schema is to be put into quarantine. */
export function readStreamRecord(record: StreamRecord): ReadRecord {
  const label = labelOf(record.eventSourceARN);
  const sequenceNumber = record.dynamodb.SequenceNumber;
  const image = imageSchema.safeParse(record.dynamodb.NewImage);
  if (!image.success || !isSound(image.data)) {
    const [partition, entry] = [keyOf(record, "partition"), keyOf(record, "entry")];
    return { ok: false, label, sequenceNumber, partition, entry };
  }
  const { partition: _partition, workspace, trace, retentionInternal, ...facts } = image.data;
  return {
    ok: true,
    label,
    sequenceNumber,
    workspace,
    record: {
      position: streamPosition(label, sequenceNumber),
      reference: {
        ...facts,
        ...(trace !== undefined && { trace }),
        ...(retentionInternal !== undefined && { retentionInternal }),
      },
    },
  };
}
