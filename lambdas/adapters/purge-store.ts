import {
  DeleteItemCommand,
  type DynamoDBClient,
  TransactionConflictException,
} from "@aws-sdk/client-dynamodb";
import type { EntryReference } from "../core/entry/entry.ts";
import { type LanePosition, lanePositionSchema, POSITION_ATTRIBUTES } from "../core/lane/row-schema.ts";
import { WRITES_AT_ONCE } from "../core/retention/purge-pace.ts";
import {
  newPurgeState,
  PURGE_ITEM,
  type PurgeStore,
  purgeStateSchema,
} from "../core/retention/purge-state.ts";
import { EVENTS, JOURNAL, REGISTRY, registryItem } from "../core/base/table-schema.ts";
import { putIf, updateIf } from "./conditional-write.ts";
import { getRow, queryAllRows, toAttributes } from "./dynamo.ts";
import { createEntryExtender, entryKey, unitsOf } from "./entry-extender.ts";
import { createReceiptStore } from "./receipt-store.ts";

export interface PurgeTables {
  events: string;
  journal: string;
  registry: string;
  receipts: string;
}

export function createPurgeStore(client: DynamoDBClient, tables: PurgeTables): PurgeStore {
  const { registry } = tables;
  const { putReceipt, dropReceipt } = createReceiptStore(client, tables.receipts);
  return {
    ...stateOf(client, registry),
    putReceipt,
    dropReceipt,
    ...workspacesOf(client, registry),
    ...entriesOf(client, tables.events),
    lanePositions: (workspace) => lanePositions(client, registry, workspace),
    removePage: async (workspace, page) => {
      const Key = toAttributes({ [JOURNAL.workspace]: workspace, [JOURNAL.page]: page });
      return unitsOf(
        client.send(
          new DeleteItemCommand({ TableName: tables.journal, Key, ReturnConsumedCapacity: "TOTAL" }),
        ),
      );
    },
  };
}

type Some<Names extends keyof PurgeStore> = Pick<PurgeStore, Names>;

const rowKey = (workspace: string, item: string): Record<string, string> => ({
  [REGISTRY.workspace]: workspace,
  [REGISTRY.item]: item,
});

function stateOf(client: DynamoDBClient, registry: string): Some<"readState" | "replaceState"> {
  const names = { "#version": "version" };
  return {
    readState: async (workspace) =>
      (await getRow(client, registry, rowKey(workspace, PURGE_ITEM), purgeStateSchema)) ??
      newPurgeState(workspace),
    replaceState: async (state) => {
      const stored = { ...state, version: state.version + 1 };
      const condition =
        state.version === 0
          ? { condition: "attribute_not_exists(#version)", names }
          : { condition: "#version = :version", names, values: { ":version": state.version } };
      try {
        return (await putIf(client, registry, stored, condition)) ? stored : "stale";
      } catch (error) {
        // A transaction that begins a legal hold is writing the row.
        if (error instanceof TransactionConflictException) return "stale";
        throw error;
      }
    },
  };
}

function workspacesOf(client: DynamoDBClient, registry: string): Some<"applyRetention" | "confirmHold"> {
  const names = { "#version": "version" };
  return {
    applyRetention: async ({ workspace, version }, history, days) => {
      await updateIf(
        client,
        registry,
        rowKey(workspace, registryItem.workspace),
        "SET history = :history, appliedDays = :days, #version = #version + :one",
        {
          condition: "#version = :version",
          names,
          values: { ":history": history, ":days": days, ":version": version, ":one": 1 },
        },
      );
    },
    confirmHold: async (workspace) => {
      await updateIf(
        client,
        registry,
        rowKey(workspace, registryItem.workspace),
        "SET #hold = :held, #version = #version + :one",
        {
          condition: "#hold = :pending",
          names: { ...names, "#hold": "hold" },
          values: { ":held": "held", ":pending": "pending", ":one": 1 },
        },
      );
    },
  };
}

/**
 * An idempotency key that is used again after its entry expired stores a newer entry under the same key. A page
 * references the entry by its `recordedAt` too, so that the newer one is neither removed nor extended.
 */
function entriesOf(client: DynamoDBClient, events: string): Some<"removeEntries" | "extendEntry"> {
  const names = { "#entry": EVENTS.entry, "#recordedAt": "recordedAt" };
  const remove = (workspace: string, entry: EntryReference): Promise<number> =>
    unitsOf(
      client.send(
        new DeleteItemCommand({
          TableName: events,
          Key: entryKey(workspace, entry),
          ConditionExpression: "attribute_not_exists(#entry) OR #recordedAt = :recordedAt",
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: toAttributes({ ":recordedAt": entry.recordedAt }),
          ReturnConsumedCapacity: "TOTAL",
        }),
      ),
    );
  return {
    removeEntries: async (workspace, entries) => {
      let units = 0;
      for (let start = 0; start < entries.length; start += WRITES_AT_ONCE) {
        const some = entries.slice(start, start + WRITES_AT_ONCE);
        const used = await Promise.all(some.map((entry) => remove(workspace, entry)));
        units += used.reduce((sum, each) => sum + each, 0);
      }
      return units;
    },
    extendEntry: createEntryExtender(client, events),
  };
}

function lanePositions(client: DynamoDBClient, registry: string, workspace: string): Promise<LanePosition[]> {
  const names = [REGISTRY.workspace, REGISTRY.item, ...POSITION_ATTRIBUTES];
  return queryAllRows(
    client,
    registry,
    {
      KeyConditionExpression: "#workspace = :workspace AND begins_with(#item, :lanes)",
      ProjectionExpression: POSITION_ATTRIBUTES.map((name) => `#${name}`).join(", "),
      ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
      values: { ":workspace": workspace, ":lanes": registryItem.lanes },
    },
    lanePositionSchema,
  );
}
