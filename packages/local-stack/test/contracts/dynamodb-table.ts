import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
  type AttributeValue,
  type DeleteItemCommandInput,
  type DynamoDBClient,
  type PutItemCommandInput,
  type QueryCommandInput,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { uniqueName } from "./target.ts";

export type Item = Record<string, AttributeValue>;

/**
 * Creates a table for contract cases: key `pk` (S) and `sk` (of the given type), index `byOwner` (owner S, at N, all
 * attributes), `sparse` (flag S, keys only).
 */
export async function createTable(client: DynamoDBClient, sortKey: "S" | "N" | "B" = "S"): Promise<string> {
  const name = uniqueName("contract");
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: sortKey },
        { AttributeName: "owner", AttributeType: "S" },
        { AttributeName: "at", AttributeType: "N" },
        { AttributeName: "flag", AttributeType: "S" },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: "byOwner",
          KeySchema: [
            { AttributeName: "owner", KeyType: "HASH" },
            { AttributeName: "at", KeyType: "RANGE" },
          ],
          Projection: { ProjectionType: "ALL" },
        },
        {
          IndexName: "sparse",
          KeySchema: [{ AttributeName: "flag", KeyType: "HASH" }],
          Projection: { ProjectionType: "KEYS_ONLY" },
        },
      ],
    }),
  );
  return name;
}

/** Shorthands for one table. */
export function tableOf(client: DynamoDBClient, name: string) {
  return {
    name,
    put: (whole: Item, more: Partial<PutItemCommandInput> = {}) =>
      client.send(new PutItemCommand({ TableName: name, Item: whole, ...more })),
    get: async (pk: string, sk: string): Promise<Item | undefined> => {
      const key = { pk: { S: pk }, sk: { S: sk } };
      return (await client.send(new GetItemCommand({ TableName: name, Key: key, ConsistentRead: true })))
        .Item;
    },
    update: (pk: string, sk: string, expression: string, more: Partial<UpdateItemCommandInput> = {}) =>
      client.send(
        new UpdateItemCommand({
          TableName: name,
          Key: { pk: { S: pk }, sk: { S: sk } },
          UpdateExpression: expression,
          ...more,
        }),
      ),
    remove: (pk: string, sk: string, more: Partial<DeleteItemCommandInput> = {}) =>
      client.send(new DeleteItemCommand({ TableName: name, Key: { pk: { S: pk }, sk: { S: sk } }, ...more })),
    query: (more: Partial<QueryCommandInput>) => client.send(new QueryCommand({ TableName: name, ...more })),
    scan: () => client.send(new ScanCommand({ TableName: name })),
    putAll: async (items: readonly Item[]): Promise<void> => {
      for (let from = 0; from < items.length; from += 25) {
        const requests = items.slice(from, from + 25).map((each) => ({ PutRequest: { Item: each } }));
        await client.send(new BatchWriteItemCommand({ RequestItems: { [name]: requests } }));
      }
    },
  };
}

export type TestTable = ReturnType<typeof tableOf>;

/** An item with `pk`, `sk` and other attributes. */
export function item(pk: string, sk: string, more: Item = {}): Item {
  return { pk: { S: pk }, sk: { S: sk }, ...more };
}
