import {
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTable, item, tableOf, type TestTable } from "./dynamodb-table.ts";
import { dynamoClient, oursOnly, refusal, type Target } from "./target.ts";

/** PutItem, UpdateItem, DeleteItem and BatchWriteItem as the API reference and the Developer Guide describe them. */
export function dynamoDbWritesContract(target: Target): void {
  let client: DynamoDBClient;
  let table: TestTable;
  beforeAll(async () => {
    client = dynamoClient(target.url());
    table = tableOf(client, await createTable(client));
  });
  afterAll(() => client.destroy());

  describe("PutItem", () => {
    it("replaces the whole item and returns the old one on request", async () => {
      await table.put(item("put", "1", { a: { S: "x" }, b: { N: "1" } }));
      const answer = await table.put(item("put", "1", { a: { S: "y" } }), { ReturnValues: "ALL_OLD" });
      expect(answer.Attributes).toEqual(item("put", "1", { a: { S: "x" }, b: { N: "1" } }));
      expect(await table.get("put", "1")).toEqual(item("put", "1", { a: { S: "y" } }));
    });

    it("preserves values of every type", async () => {
      const value: Record<string, never> | object = {
        text: { S: "" },
        number: { N: "-12.5" },
        binary: { B: new Uint8Array([0, 255, 7]) },
        yes: { BOOL: true },
        nothing: { NULL: true },
        list: { L: [{ S: "a" }, { M: { deep: { N: "1" } } }] },
        map: { M: { constructor: { S: "a name like any other" } } },
        texts: { SS: ["a", "b"] },
        numbers: { NS: ["1", "2"] },
        binaries: { BS: [new Uint8Array([1])] },
      };
      await table.put(item("types", "1", value as never));
      expect(await table.get("types", "1")).toEqual(item("types", "1", value as never));
    });

    it("refuses a second put when the item must not exist, and keeps the first item", async () => {
      const condition = { ConditionExpression: "attribute_not_exists(pk)" };
      await table.put(item("once", "1", { n: { N: "1" } }), condition);
      const error = await refusal(table.put(item("once", "1", { n: { N: "2" } }), condition));
      expect(error).toMatchObject({
        name: "ConditionalCheckFailedException",
        message: "The conditional request failed",
      });
      expect((await table.get("once", "1"))?.["n"]).toEqual({ N: "1" });
    });

    it("returns the existing item on request when a condition fails", async () => {
      await table.put(item("shown", "1", { n: { N: "1" } }));
      const error = await refusal(
        table.put(item("shown", "1"), {
          ConditionExpression: "attribute_not_exists(pk)",
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        }),
      );
      expect(error).toBeInstanceOf(ConditionalCheckFailedException);
      expect((error as ConditionalCheckFailedException).Item).toEqual(item("shown", "1", { n: { N: "1" } }));
    });

    it("refuses an item without its keys, with an empty key, or with a key of another type", async () => {
      const missing = await refusal(table.put({ pk: { S: "k" } }));
      expect(missing).toMatchObject({
        name: "ValidationException",
        message: "One or more parameter values were invalid: Missing the key sk in the item",
      });
      expect((await refusal(table.put(item("", "1")))).message).toMatch(/empty string.*Key: pk/);
      expect((await refusal(table.put({ pk: { N: "1" }, sk: { S: "1" } }))).name).toBe("ValidationException");
    });

    oursOnly(
      target,
      "refuses an item over 400 KB, including attribute names",
      "The maximum item size in DynamoDB is 400 KB, which includes both attribute name binary length and attribute value lengths",
      async () => {
        const rest = 400 * 1024 - "pk".length - "size".length - "sk".length - "1".length - "body".length;
        await table.put(item("size", "1", { body: { S: "x".repeat(rest) } }));
        const error = await refusal(table.put(item("size", "1", { body: { S: "x".repeat(rest + 1) } })));
        expect(error).toMatchObject({
          name: "ValidationException",
          message: "Item size has exceeded the maximum allowed size",
        });
      },
    );

    oursOnly(
      target,
      "returns the write units of an item: one for each started kilobyte of the larger of old and new",
      "UpdateItem: DynamoDB considers the size of the item as it appears before and after the update, and uses the larger",
      async () => {
        const big = { body: { S: "x".repeat(2500) } };
        const first = await table.put(item("units", "1", big), { ReturnConsumedCapacity: "TOTAL" });
        expect(first.ConsumedCapacity?.CapacityUnits).toBe(3);
        const second = await table.put(item("units", "1"), { ReturnConsumedCapacity: "TOTAL" });
        expect(second.ConsumedCapacity?.CapacityUnits).toBe(3);
      },
    );
  });

  describe("UpdateItem", () => {
    it("creates a missing item", async () => {
      const values = { ExpressionAttributeValues: { ":one": { N: "1" } } };
      await table.update("made", "1", "SET n = :one", values);
      expect(await table.get("made", "1")).toEqual(item("made", "1", { n: { N: "1" } }));
    });

    it("refuses a stale version and accepts the current one", async () => {
      await table.put(item("version", "1", { version: { N: "1" } }));
      const bump = (from: string) =>
        table.update("version", "1", "SET version = version + :one", {
          ConditionExpression: "version = :from",
          ExpressionAttributeValues: { ":one": { N: "1" }, ":from": { N: from } },
          ReturnValues: "ALL_NEW",
        });
      expect((await bump("1")).Attributes?.["version"]).toEqual({ N: "2" });
      expect((await refusal(bump("1"))).name).toBe("ConditionalCheckFailedException");
    });

    it("returns only the updated attributes on request", async () => {
      await table.put(item("updated", "1", { a: { S: "old" }, b: { S: "same" } }));
      const change = { ExpressionAttributeValues: { ":new": { S: "new" } } };
      const old = await table.update("updated", "1", "SET a = :new", {
        ...change,
        ReturnValues: "UPDATED_OLD",
      });
      expect(old.Attributes).toEqual({ a: { S: "old" } });
      const now = await table.update("updated", "1", "SET b = :new", {
        ...change,
        ReturnValues: "UPDATED_NEW",
      });
      expect(now.Attributes).toEqual({ b: { S: "new" } });
    });

    it("refuses to change a key attribute", async () => {
      const error = await refusal(
        table.update("key", "1", "SET sk = :x", { ExpressionAttributeValues: { ":x": { S: "2" } } }),
      );
      expect(error).toMatchObject({
        name: "ValidationException",
        message:
          "One or more parameter values were invalid: Cannot update attribute sk. This attribute is part of the key",
      });
    });
  });

  describe("DeleteItem", () => {
    it("deletes the item and returns it, and succeeds for a missing one", async () => {
      await table.put(item("gone", "1", { a: { S: "x" } }));
      const first = await table.remove("gone", "1", { ReturnValues: "ALL_OLD" });
      expect(first.Attributes).toEqual(item("gone", "1", { a: { S: "x" } }));
      expect((await table.remove("gone", "1", { ReturnValues: "ALL_OLD" })).Attributes).toBeUndefined();
    });

    it("is refused when its condition fails", async () => {
      await table.put(item("kept", "1", { status: { S: "live" } }));
      const error = await refusal(
        table.remove("kept", "1", {
          ConditionExpression: "#s = :ended",
          ExpressionAttributeNames: { "#s": "status" },
          ExpressionAttributeValues: { ":ended": { S: "ended" } },
        }),
      );
      expect(error.name).toBe("ConditionalCheckFailedException");
      expect(await table.get("kept", "1")).toBeDefined();
    });
  });

  describe("BatchWriteItem", () => {
    oursOnly(
      target,
      "accepts 25 requests and refuses 26",
      "You can put or delete up to 25 items in a single BatchWriteItem call",
      async () => {
        const requests = Array.from({ length: 26 }, (_, n) => ({
          PutRequest: { Item: item("batch", `${n}`) },
        }));
        const send = (count: number) =>
          client.send(
            new BatchWriteItemCommand({ RequestItems: { [table.name]: requests.slice(0, count) } }),
          );
        expect((await send(25)).UnprocessedItems).toEqual({});
        expect((await refusal(send(26))).name).toBe("ValidationException");
      },
    );

    it("refuses two requests for one item", async () => {
      const request = { PutRequest: { Item: item("twice", "1") } };
      const error = await refusal(
        client.send(new BatchWriteItemCommand({ RequestItems: { [table.name]: [request, request] } })),
      );
      expect(error).toMatchObject({
        name: "ValidationException",
        message: "Provided list of item keys contains duplicates",
      });
    });
  });
}
