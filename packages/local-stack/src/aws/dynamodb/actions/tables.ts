import * as z from "zod";
import { AwsError } from "../../aws-service.ts";
import { validationError } from "../attribute-value.ts";
import {
  createTableSchema,
  keyAttributes,
  readDefinition,
  type Keys,
  type TableDefinition,
} from "../table-definition.ts";
import type { Table } from "../table.ts";
import type { TableStore } from "../table-store.ts";
import { parseInput, tableName, type Action } from "./action.ts";

const nameSchema = z.strictObject({ TableName: tableName });
const listSchema = z.strictObject({
  ExclusiveStartTableName: z.string().optional(),
  Limit: z.int().min(1).max(100).optional(),
});
const ttlSchema = z.strictObject({
  TableName: tableName,
  TimeToLiveSpecification: z.strictObject({ AttributeName: z.string().min(1), Enabled: z.boolean() }),
});

function describeKeys(keys: Keys): Record<string, unknown>[] {
  return keyAttributes(keys).map(({ name }, position) => ({
    AttributeName: name,
    KeyType: position === 0 ? "HASH" : "RANGE",
  }));
}

function describeAttributes(definition: TableDefinition): Record<string, unknown>[] {
  const all = [definition.keys, ...definition.indexes.map((index) => index.keys)].flatMap(keyAttributes);
  const types = new Map(all.map(({ name, type }) => [name, type]));
  return [...types].map(([name, type]) => ({ AttributeName: name, AttributeType: type }));
}

function describeIndexes(store: TableStore, table: Table): Record<string, unknown>[] {
  return table.definition.indexes.map((index) => ({
    IndexName: index.name,
    IndexArn: `${store.arnOf(table.definition.name)}/index/${index.name}`,
    IndexStatus: "ACTIVE",
    KeySchema: describeKeys(index.keys),
    Projection: {
      ProjectionType: index.projection,
      ...(index.projection === "INCLUDE" ? { NonKeyAttributes: index.included } : {}),
    },
  }));
}

function describe(store: TableStore, table: Table): Record<string, unknown> {
  const { definition, stream } = table;
  const { items, bytes } = table.statistics();
  const streamParts = stream && {
    StreamSpecification: { StreamEnabled: true, StreamViewType: definition.streamView },
    LatestStreamArn: stream.arn,
    LatestStreamLabel: stream.arn.split("/").at(-1),
  };
  return {
    TableName: definition.name,
    TableArn: store.arnOf(definition.name),
    TableStatus: "ACTIVE",
    CreationDateTime: table.createdAt / 1000,
    KeySchema: describeKeys(definition.keys),
    AttributeDefinitions: describeAttributes(definition),
    BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" },
    ItemCount: items,
    TableSizeBytes: bytes,
    ...(definition.indexes.length === 0 ? {} : { GlobalSecondaryIndexes: describeIndexes(store, table) }),
    ...streamParts,
  };
}

function named(store: TableStore, name: string): Table {
  const table = store.find(name);
  if (table !== undefined) return table;
  throw new AwsError("ResourceNotFoundException", `Requested resource not found: Table: ${name} not found`);
}

export const createTable: Action = (store, input) => {
  const request = parseInput(createTableSchema, input);
  if (store.find(request.TableName) !== undefined) {
    throw new AwsError("ResourceInUseException", `Table already exists: ${request.TableName}`);
  }
  const stream = request.StreamSpecification;
  const view = stream?.StreamEnabled === true ? (stream.StreamViewType ?? null) : null;
  const table = store.create(readDefinition(request, view, null));
  return { TableDescription: describe(store, table) };
};

export const deleteTable: Action = (store, input) => {
  const table = named(store, parseInput(nameSchema, input).TableName);
  const description = describe(store, table);
  store.drop(table);
  return { TableDescription: { ...description, TableStatus: "DELETING" } };
};

export const describeTable: Action = (store, input) => ({
  Table: describe(store, named(store, parseInput(nameSchema, input).TableName)),
});

export const listTables: Action = (store, input) => {
  const request = parseInput(listSchema, input);
  const after = request.ExclusiveStartTableName ?? "";
  const names = store.names().filter((name) => name > after);
  const page = names.slice(0, request.Limit ?? 100);
  return { TableNames: page, ...(page.length < names.length ? { LastEvaluatedTableName: page.at(-1) } : {}) };
};

export const describeTimeToLive: Action = (store, input) => {
  const { ttlAttribute } = named(store, parseInput(nameSchema, input).TableName).definition;
  const description =
    ttlAttribute === null
      ? { TimeToLiveStatus: "DISABLED" }
      : { TimeToLiveStatus: "ENABLED", AttributeName: ttlAttribute };
  return { TimeToLiveDescription: description };
};

export const updateTimeToLive: Action = (store, input) => {
  const request = parseInput(ttlSchema, input);
  const { definition } = named(store, request.TableName);
  const { AttributeName: name, Enabled: enabled } = request.TimeToLiveSpecification;
  if (enabled === (definition.ttlAttribute !== null)) {
    throw validationError(`TimeToLive is already ${enabled ? "enabled" : "disabled"}`);
  }
  store.change({ ...definition, ttlAttribute: enabled ? name : null });
  return { TimeToLiveSpecification: request.TimeToLiveSpecification };
};
