import {
  DeleteItemCommand,
  type DynamoDBClient,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  type TransactWriteItem,
} from "@aws-sdk/client-dynamodb";
import type {
  CommitResult,
  RegistryWrite,
  RegistryWriter,
  RowKey,
} from "../core/destination/registry-write.ts";
import { PURGE_ITEM } from "../core/retention/purge-state.ts";
import { EVENTS, REGISTRY } from "../core/base/table-schema.ts";
import { type Attributes, toAttributes } from "./dynamo.ts";

export interface RegistryTables {
  registry: string;
  events: string;
}

// A conflicting write takes milliseconds, and the SDK does not retry a cancelled transaction.
const TRIES = 4;

const IS_NEW = {
  ConditionExpression: "attribute_not_exists(#item)",
  ExpressionAttributeNames: { "#item": REGISTRY.item },
};
const IS_THERE = {
  ConditionExpression: "attribute_exists(#item)",
  ExpressionAttributeNames: { "#item": REGISTRY.item },
};

function keyOf({ workspace, item }: RowKey): Attributes {
  return toAttributes({ [REGISTRY.workspace]: workspace, [REGISTRY.item]: item });
}

function hasVersion(version: number) {
  return {
    ConditionExpression: "#version = :version",
    ExpressionAttributeNames: { "#version": "version" },
    ExpressionAttributeValues: toAttributes({ ":version": version }),
  };
}

function countUp(
  { key, by, atMost }: Extract<RegistryWrite, { kind: "count" }>,
  TableName: string,
): NonNullable<TransactWriteItem["Update"]> {
  const update = {
    TableName,
    Key: keyOf(key),
    UpdateExpression: "ADD #count :by",
    ExpressionAttributeNames: { "#count": "count" },
  };
  if (atMost === undefined) return { ...update, ExpressionAttributeValues: toAttributes({ ":by": by }) };
  const below = "#count <= :before";
  return {
    ...update,
    ConditionExpression: by > atMost ? below : `attribute_not_exists(#count) OR ${below}`,
    ExpressionAttributeValues: toAttributes({ ":by": by, ":before": atMost - by }),
  };
}

/** Increments the version of the purge's row, so that a purge that read it before fails at its next claim. */
function freeze(workspace: string, TableName: string): NonNullable<TransactWriteItem["Update"]> {
  return {
    TableName,
    Key: keyOf({ workspace, item: PURGE_ITEM }),
    UpdateExpression: "SET #frozen = :frozen, #version = if_not_exists(#version, :none) + :one",
    ExpressionAttributeNames: { "#frozen": "frozen", "#version": "version" },
    ExpressionAttributeValues: toAttributes({ ":frozen": true, ":none": 0, ":one": 1 }),
  };
}

function toItem(write: RegistryWrite, tables: RegistryTables): TransactWriteItem {
  const TableName = tables.registry;
  switch (write.kind) {
    case "create":
      return { Put: { TableName, Item: toAttributes(write.row), ...IS_NEW } };
    case "replace": {
      const { version } = write.row;
      const Item = toAttributes({ ...write.row, version: version + 1 });
      return { Put: { TableName, Item, ...hasVersion(version) } };
    }
    case "remove": {
      const condition = write.version === undefined ? IS_THERE : hasVersion(write.version);
      return { Delete: { TableName, Key: keyOf(write.key), ...condition } };
    }
    case "require":
      return { ConditionCheck: { TableName, Key: keyOf(write.key), ...hasVersion(write.version) } };
    case "count":
      return { Update: countUp(write, TableName) };
    case "freeze":
      return { Update: freeze(write.workspace, TableName) };
    case "record":
      return {
        Put: {
          TableName: tables.events,
          Item: toAttributes(write.entry),
          ConditionExpression: "attribute_not_exists(#entry)",
          ExpressionAttributeNames: { "#entry": EVENTS.entry },
        },
      };
  }
}

/** Index of the first part whose condition failed; `undefined` if the transaction was cancelled for another reason. */
function refusedPart(error: TransactionCanceledException): number | undefined {
  const index = (error.CancellationReasons ?? []).findIndex(({ Code }) => Code === "ConditionalCheckFailed");
  return index === -1 ? undefined : index;
}

function isContention(error: TransactionCanceledException): boolean {
  return (error.CancellationReasons ?? []).some(({ Code }) => Code === "TransactionConflict");
}

/** Changes several rows in one transaction of at most 100 parts, which is DynamoDB's limit. */
export function createRegistryWriter(client: DynamoDBClient, tables: RegistryTables): RegistryWriter {
  const write = async (writes: readonly RegistryWrite[]): Promise<CommitResult> => {
    const TransactItems = writes.map((part) => toItem(part, tables));
    try {
      await client.send(new TransactWriteItemsCommand({ TransactItems }));
      return { kind: "committed" };
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const refused = writes[refusedPart(error) ?? -1];
      if (refused !== undefined) return { kind: "refused", write: refused };
      if (isContention(error)) return { kind: "contended" };
      throw error;
    }
  };
  return {
    async commit(writes) {
      for (let tries = 1; tries < TRIES; tries++) {
        const result = await write(writes);
        if (result.kind !== "contended") return result;
      }
      return write(writes);
    },
    async removeRow(key) {
      await client.send(new DeleteItemCommand({ TableName: tables.registry, Key: keyOf(key) }));
    },
  };
}
