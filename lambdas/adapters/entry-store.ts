import { setTimeout } from "node:timers/promises";
import { BatchGetItemCommand, type DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { type Entry, entrySchema } from "../core/entry/entry.ts";
import { type EntryStore, type SoughtEntry, soughtAmong } from "../core/entry/entry-store.ts";
import { EVENTS, eventsPartition } from "../core/base/table-schema.ts";
import { type Attributes, fromAttributes, isConditionFailure, toAttributes } from "./dynamo.ts";
import { TrailcastError } from "../core/base/trailcast-error.ts";

// BatchGetItem takes 100 keys and returns up to 16 MB, so that one batch may need several calls. A call that returns
// nothing was throttled.
const BATCH_KEYS = 100;
const BATCH_TRIES = 6;
/** Doubled after each try, 1.5 s in all. */
const FIRST_PAUSE_MS = 50;

type Pause = (milliseconds: number) => Promise<unknown>;

/**
 * Thrown when DynamoDB repeatedly returned none of the requested items because of throttling. The caller is invoked
 * again.
 */
export class UnreadEntriesError extends TrailcastError {
  override name = "UnreadEntriesError";
  constructor(count: number) {
    super(`${count} entries could not be read in ${BATCH_TRIES} tries`);
  }
}

async function readBatch(
  client: DynamoDBClient,
  table: string,
  keys: Attributes[],
  found: Map<string, Entry>,
  pause: Pause,
): Promise<void> {
  let pending = keys;
  for (let throttled = 0; pending.length > 0;) {
    if (throttled === BATCH_TRIES) throw new UnreadEntriesError(pending.length);
    if (throttled > 0) await pause(FIRST_PAUSE_MS * 2 ** (throttled - 1));
    const { Responses, UnprocessedKeys } = await client.send(
      new BatchGetItemCommand({ RequestItems: { [table]: { Keys: pending, ConsistentRead: true } } }),
    );
    const items = Responses?.[table] ?? [];
    for (const item of items) {
      const entry = fromAttributes(item, entrySchema, table);
      found.set(entry.entry, entry);
    }
    pending = UnprocessedKeys?.[table]?.Keys ?? [];
    throttled = items.length > 0 ? 0 : throttled + 1;
  }
}

/** `pause` resolves after the given number of milliseconds. */
export function createEntryStore(
  client: DynamoDBClient,
  table: string,
  pause: Pause = setTimeout,
): EntryStore {
  return {
    async putEntry(entry) {
      try {
        await client.send(
          new PutItemCommand({
            TableName: table,
            Item: toAttributes(entry),
            ConditionExpression: "attribute_not_exists(#entry)",
            ExpressionAttributeNames: { "#entry": EVENTS.entry },
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        );
        return { kind: "recorded" };
      } catch (error) {
        if (!isConditionFailure(error) || error.Item === undefined) throw error;
        return { kind: "exists", entry: fromAttributes(error.Item, entrySchema, table) };
      }
    },

    async readEntries(workspace, references) {
      const found = new Map<string, Entry>();
      const keys = uniqueKeys(workspace, references);
      for (let start = 0; start < keys.length; start += BATCH_KEYS) {
        await readBatch(client, table, keys.slice(start, start + BATCH_KEYS), found, pause);
      }
      const isSought = soughtAmong(references);
      return new Map([...found].filter(([, entry]) => isSought(entry)));
    },
  };
}

function uniqueKeys(workspace: string, references: readonly SoughtEntry[]): Attributes[] {
  const unique = new Map(references.map((reference) => [`${reference.shard}/${reference.entry}`, reference]));
  return [...unique.values()].map(({ entry, shard }) =>
    toAttributes({ [EVENTS.partition]: eventsPartition(workspace, shard), [EVENTS.entry]: entry }),
  );
}
