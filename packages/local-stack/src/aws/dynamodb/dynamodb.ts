import { AwsError, type AwsCall } from "../aws-service.ts";
import type { Action } from "./actions/action.ts";
import { batchGetItem } from "./actions/batch-get-item.ts";
import { batchWriteItem } from "./actions/batch-write-item.ts";
import { getItem } from "./actions/get-item.ts";
import { query } from "./actions/query.ts";
import { scan } from "./actions/scan.ts";
import {
  createTable,
  deleteTable,
  describeTable,
  describeTimeToLive,
  listTables,
  updateTimeToLive,
} from "./actions/tables.ts";
import { transactGetItems } from "./actions/transact-get-items.ts";
import { transactWriteItems } from "./actions/transact-write-items.ts";
import { deleteItem, putItem, updateItem } from "./actions/write-item.ts";
import type { DynamoDbOptions, DynamoDbService, TableArns } from "./dynamodb-service.ts";
import { isSameDefinition } from "./table-change.ts";
import { readDefinition, templateSchema } from "./table-definition.ts";
import { TableStore } from "./table-store.ts";

const ACTIONS: ReadonlyMap<string, Action> = new Map(
  Object.entries({
    BatchGetItem: batchGetItem,
    BatchWriteItem: batchWriteItem,
    CreateTable: createTable,
    DeleteItem: deleteItem,
    DeleteTable: deleteTable,
    DescribeTable: describeTable,
    DescribeTimeToLive: describeTimeToLive,
    GetItem: getItem,
    ListTables: listTables,
    PutItem: putItem,
    Query: query,
    Scan: scan,
    TransactGetItems: transactGetItems,
    TransactWriteItems: transactWriteItems,
    UpdateItem: updateItem,
    UpdateTimeToLive: updateTimeToLive,
  }),
);

/** Actions that clients may call. */
export const DYNAMODB_ACTIONS: readonly string[] = [...ACTIONS.keys()];

function handle(store: TableStore, call: AwsCall): Record<string, unknown> {
  const action = ACTIONS.get(call.action);
  if (action === undefined) {
    throw new AwsError("UnknownOperationException", `the local DynamoDB has no ${call.action}`);
  }
  return action(store, call.input);
}

/** Creates a table of a template, or changes an existing one to the template's definition. */
function ensureTable(store: TableStore, properties: Record<string, unknown>): TableArns {
  const parsed = templateSchema.parse(properties);
  const ttl = parsed.TimeToLiveSpecification;
  const definition = readDefinition(
    parsed,
    parsed.StreamSpecification?.StreamViewType ?? null,
    ttl?.Enabled === true ? ttl.AttributeName : null,
  );
  const existing = store.find(definition.name);
  let table = existing ?? store.create(definition);
  if (!isSameDefinition(table.definition, definition)) table = store.change(definition);
  return { tableArn: store.arnOf(definition.name), streamArn: table.stream?.arn ?? null };
}

/** Deletes expired items. Their stream records name DynamoDB itself as the author. */
function expire(store: TableStore, limit: number): number {
  const seconds = Math.floor(store.clock() / 1000);
  let deleted = 0;
  for (const table of store.tables()) {
    const rows = deleted < limit ? table.expiredItems(seconds, limit - deleted) : [];
    if (rows.length === 0) continue;
    store.transaction(() => {
      for (const row of rows) {
        table.write({ key: table.keyOf(row.item), before: row, after: undefined, expired: true });
      }
    });
    deleted += rows.length;
  }
  return deleted;
}

/** The tables in the database of `options`, including those of earlier runs. */
export function createDynamoDb(options: DynamoDbOptions): DynamoDbService {
  const store = new TableStore({ ...options, clock: () => Math.floor(options.clock()) });
  return {
    handle: (call) => handle(store, call),
    createTable: (properties) => ensureTable(store, properties),
    readStream: (streamArn, after, limit) => store.stream(streamArn).read(after, limit),
    streamPositions: (streamArn) => store.stream(streamArn).positions(),
    onWrite: (listener) => store.listen(listener),
    expireNow: (limit = 1000) => expire(store, limit),
  };
}
