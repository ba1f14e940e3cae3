import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  ListTablesCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateTimeToLiveCommand,
  type DynamoDBClient,
  type TransactionCanceledException,
  type TransactWriteItem,
} from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTable, item, tableOf, type TestTable } from "./dynamodb-table.ts";
import { dynamoClient, oursOnly, refusal, type Target } from "./target.ts";

/** Transactions and table descriptions, as the API reference describes them. */
export function dynamoDbTransactionsContract(target: Target): void {
  let client: DynamoDBClient;
  let table: TestTable;
  beforeAll(async () => {
    client = dynamoClient(target.url());
    table = tableOf(client, await createTable(client));
  });
  afterAll(() => client.destroy());

  function transact(items: TransactWriteItem[], token?: string) {
    return client.send(
      new TransactWriteItemsCommand({
        TransactItems: items,
        ...(token === undefined ? {} : { ClientRequestToken: token }),
      }),
    );
  }
  const put = (sk: string, more = {}): TransactWriteItem => ({
    Put: { TableName: table.name, Item: item("t", sk), ...more },
  });

  describe("TransactWriteItems", () => {
    it("performs a put, an update and a delete together", async () => {
      await table.put(item("t", "gone"));
      await transact([
        put("new"),
        {
          Update: {
            TableName: table.name,
            Key: item("t", "counter"),
            UpdateExpression: "ADD n :one",
            ExpressionAttributeValues: { ":one": { N: "1" } },
          },
        },
        { Delete: { TableName: table.name, Key: item("t", "gone") } },
      ]);
      expect(await table.get("t", "new")).toBeDefined();
      expect((await table.get("t", "counter"))?.["n"]).toEqual({ N: "1" });
      expect(await table.get("t", "gone")).toBeUndefined();
    });

    it("writes nothing when one condition fails, and reports which one", async () => {
      await table.put(item("t", "there", { n: { N: "7" } }));
      const error = (await refusal(
        transact([
          put("never"),
          put("there", {
            ConditionExpression: "attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        ]),
      )) as TransactionCanceledException;
      expect(error.name).toBe("TransactionCanceledException");
      expect(error.CancellationReasons?.map((reason) => reason.Code)).toEqual([
        "None",
        "ConditionalCheckFailed",
      ]);
      expect(error.CancellationReasons?.[1]?.Item).toEqual(item("t", "there", { n: { N: "7" } }));
      expect(await table.get("t", "never")).toBeUndefined();
    });

    it("can check a condition on an item that it does not write", async () => {
      const check: TransactWriteItem = {
        ConditionCheck: {
          TableName: table.name,
          Key: item("t", "absent"),
          ConditionExpression: "attribute_exists(pk)",
        },
      };
      const error = (await refusal(transact([put("with-check"), check]))) as TransactionCanceledException;
      expect(error.CancellationReasons?.map((reason) => reason.Code)).toEqual([
        "None",
        "ConditionalCheckFailed",
      ]);
    });

    it("refuses two operations on one item", async () => {
      const error = await refusal(transact([put("same"), put("same")]));
      expect(error).toMatchObject({
        name: "ValidationException",
        message: "Transaction request cannot include multiple operations on one item",
      });
    });

    oursOnly(
      target,
      "carries out a repeated request with the same token once",
      "multiple identical calls to TransactWriteItems with the same token have the same effect as one single call",
      async () => {
        const add: TransactWriteItem = {
          Update: {
            TableName: table.name,
            Key: item("t", "token"),
            UpdateExpression: "ADD n :one",
            ExpressionAttributeValues: { ":one": { N: "1" } },
          },
        };
        await transact([add], "token-1");
        await transact([add], "token-1");
        expect((await table.get("t", "token"))?.["n"]).toEqual({ N: "1" });
      },
    );

    oursOnly(
      target,
      "refuses the token of another request",
      "If you submit a request with the same client token but a change in other parameters within the 10-minute idempotency window, DynamoDB returns an IdempotentParameterMismatch exception",
      async () => {
        await transact([put("one")], "token-2");
        expect((await refusal(transact([put("two")], "token-2"))).name).toBe(
          "IdempotentParameterMismatchException",
        );
      },
    );

    it("refuses 101 actions", async () => {
      const error = await refusal(transact(Array.from({ length: 101 }, (_, n) => put(`many-${n}`))));
      expect(error.name).toBe("ValidationException");
    });
  });

  it("reads several items atomically, with an empty response for a missing one", async () => {
    await table.put(item("t", "read", { a: { S: "x" } }));
    const get = (sk: string) => ({ Get: { TableName: table.name, Key: item("t", sk) } });
    const answer = await client.send(
      new TransactGetItemsCommand({ TransactItems: [get("read"), get("nowhere")] }),
    );
    expect(answer.Responses?.map((each) => each.Item)).toEqual([
      item("t", "read", { a: { S: "x" } }),
      undefined,
    ]);
  });

  it("describes the keys, indexes and status of a table", async () => {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table.name }));
    expect(Table).toMatchObject({
      TableName: table.name,
      TableStatus: "ACTIVE",
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
    });
    expect(Table?.GlobalSecondaryIndexes?.map((index) => index.IndexName).toSorted()).toEqual([
      "byOwner",
      "sparse",
    ]);
    const { TableNames } = await client.send(new ListTablesCommand({}));
    expect(TableNames).toContain(table.name);
  });

  it("reports whether time to live is enabled, and for which attribute", async () => {
    const read = () => client.send(new DescribeTimeToLiveCommand({ TableName: table.name }));
    expect((await read()).TimeToLiveDescription?.TimeToLiveStatus).toBe("DISABLED");
    await client.send(
      new UpdateTimeToLiveCommand({
        TableName: table.name,
        TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
      }),
    );
    expect((await read()).TimeToLiveDescription).toEqual({
      TimeToLiveStatus: "ENABLED",
      AttributeName: "expiresAt",
    });
  });
}
