import { type DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { EntryReference } from "../core/entry/entry.ts";
import type { ExtendEntry } from "../core/entry/entry-store.ts";
import { EVENTS, eventsPartition } from "../core/base/table-schema.ts";
import { type Attributes, isConditionFailure, toAttributes } from "./dynamo.ts";

export function entryKey(
  workspace: string,
  { entry, shard }: Pick<EntryReference, "entry" | "shard">,
): Attributes {
  return toAttributes({ [EVENTS.partition]: eventsPartition(workspace, shard), [EVENTS.entry]: entry });
}

/**
 * The write units that a write consumed. A write whose condition failed consumed some too but does not report how many,
 * so it counts as 1.
 */
export async function unitsOf(
  written: Promise<{ ConsumedCapacity?: { CapacityUnits?: number | undefined } | undefined }>,
): Promise<number> {
  try {
    return (await written).ConsumedCapacity?.CapacityUnits ?? 1;
  } catch (error) {
    if (isConditionFailure(error)) return 1;
    throw error;
  }
}

/**
 * Extends the expiry of the entry that a reference names, and not that of a newer entry under the same idempotency key.
 */
export function createEntryExtender(client: DynamoDBClient, events: string): ExtendEntry {
  return (workspace, entry, expiresAt) =>
    unitsOf(
      client.send(
        new UpdateItemCommand({
          TableName: events,
          Key: entryKey(workspace, entry),
          UpdateExpression: "SET #expiry = :expiry",
          ConditionExpression: "#recordedAt = :recordedAt AND #expiry < :expiry",
          ExpressionAttributeNames: { "#expiry": EVENTS.ttl, "#recordedAt": "recordedAt" },
          ExpressionAttributeValues: toAttributes({ ":expiry": expiresAt, ":recordedAt": entry.recordedAt }),
          ReturnConsumedCapacity: "TOTAL",
        }),
      ),
    );
}
