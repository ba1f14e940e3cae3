import {
  BatchGetItemCommand,
  GetItemCommand,
  ScanCommand,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTable, item, tableOf, type Item, type TestTable } from "./dynamodb-table.ts";
import { dynamoClient, oursOnly, refusal, type Target } from "./target.ts";

function sortKeys(items: readonly Item[] | undefined): (string | undefined)[] {
  return (items ?? []).map((each) => each["sk"]?.S ?? each["sk"]?.N);
}

function ofQuery(condition: string, values: Item = {}) {
  return {
    KeyConditionExpression: `pk = :pk AND ${condition}`,
    ExpressionAttributeValues: { ":pk": { S: "query" }, ...values },
  };
}

/** GetItem, BatchGetItem, Query, Scan and indexes as the API reference and the Developer Guide describe them. */
export function dynamoDbReadsContract(target: Target): void {
  let client: DynamoDBClient;
  let table: TestTable;
  beforeAll(async () => {
    client = dynamoClient(target.url());
    table = tableOf(client, await createTable(client));
    await table.putAll(
      ["a", "b", "c#1", "c#2", "c#3", "d"].map((sk, n) => item("query", sk, { n: { N: String(n) } })),
    );
  });
  afterAll(() => client.destroy());

  describe("GetItem", () => {
    it("returns no item for a missing key", async () => {
      expect(await table.get("none", "none")).toBeUndefined();
    });

    it("returns only the projected attributes", async () => {
      const nested = {
        list: { L: [{ S: "zero" }, { S: "one" }] },
        map: { M: { a: { S: "x" }, b: { S: "y" } } },
      };
      await table.put(item("projected", "1", nested));
      const answer = await client.send(
        new GetItemCommand({
          TableName: table.name,
          Key: item("projected", "1"),
          ProjectionExpression: "#m.a, sk",
          ExpressionAttributeNames: { "#m": "map" },
        }),
      );
      expect(answer.Item).toEqual({ map: { M: { a: { S: "x" } } }, sk: { S: "1" } });
    });

    it("refuses a key that does not match the schema", async () => {
      const error = await refusal(
        client.send(new GetItemCommand({ TableName: table.name, Key: { pk: { S: "x" } } })),
      );
      expect(error.name).toBe("ValidationException");
    });

    it("reports that a table does not exist", async () => {
      const error = await refusal(
        client.send(new GetItemCommand({ TableName: "absent", Key: item("a", "b") })),
      );
      expect(error.name).toBe("ResourceNotFoundException");
    });
  });

  describe("Query", () => {
    it.each([
      ["sk = :x", { ":x": { S: "b" } }, ["b"]],
      ["sk < :x", { ":x": { S: "c#1" } }, ["a", "b"]],
      ["sk <= :x", { ":x": { S: "c#1" } }, ["a", "b", "c#1"]],
      ["sk > :x", { ":x": { S: "c#3" } }, ["d"]],
      ["sk >= :x", { ":x": { S: "c#3" } }, ["c#3", "d"]],
      ["sk BETWEEN :x AND :y", { ":x": { S: "b" }, ":y": { S: "c#2" } }, ["b", "c#1", "c#2"]],
      ["begins_with(sk, :x)", { ":x": { S: "c#" } }, ["c#1", "c#2", "c#3"]],
    ])("reads the sort keys with %s", async (condition, values, expected) => {
      expect(sortKeys((await table.query(ofQuery(condition, values as Item))).Items)).toEqual(expected);
    });

    it("reads backwards page by page without gaps or duplicates", async () => {
      const seen: (string | undefined)[] = [];
      let start: Item | undefined;
      do {
        const page = await table.query({
          KeyConditionExpression: "pk = :pk",
          ExpressionAttributeValues: { ":pk": { S: "query" } },
          ScanIndexForward: false,
          Limit: 2,
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        });
        seen.push(...sortKeys(page.Items));
        start = page.LastEvaluatedKey;
      } while (start !== undefined);
      expect(seen).toEqual(["d", "c#3", "c#2", "c#1", "b", "a"]);
    });

    it("applies the filter after the limit and returns both counts", async () => {
      const page = await table.query({
        KeyConditionExpression: "pk = :pk",
        FilterExpression: "n >= :two",
        ExpressionAttributeValues: { ":pk": { S: "query" }, ":two": { N: "2" } },
        Limit: 3,
      });
      expect([page.Count, page.ScannedCount, sortKeys(page.Items)]).toEqual([1, 3, ["c#1"]]);
      expect(page.LastEvaluatedKey).toEqual(item("query", "c#1"));
    });

    it("reads up to 1 MB per page", async () => {
      const body = { body: { S: "x".repeat(300_000) } };
      for (const sk of ["1", "2", "3", "4", "5"]) await table.put(item("large", sk, body));
      const largest = {
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: { ":pk": { S: "large" } },
      };
      const first = await table.query(largest);
      const start = first.LastEvaluatedKey;
      expect(start).toBeDefined();
      const second = await table.query({ ...largest, ExclusiveStartKey: start });
      expect([...sortKeys(first.Items), ...sortKeys(second.Items)]).toEqual(["1", "2", "3", "4", "5"]);
    });

    it("returns only the count when requested", async () => {
      const page = await table.query({
        ...ofQuery("begins_with(sk, :c)", { ":c": { S: "c" } }),
        Select: "COUNT",
      });
      expect([page.Count, page.Items]).toEqual([3, undefined]);
    });

    it("refuses a condition without the partition key", async () => {
      const error = await refusal(
        table.query({ KeyConditionExpression: "sk = :x", ExpressionAttributeValues: { ":x": { S: "a" } } }),
      );
      expect(error).toMatchObject({
        name: "ValidationException",
        message: "Query condition missed key schema element: pk",
      });
    });

    oursOnly(
      target,
      "refuses a filter on a key attribute",
      "A filter expression cannot contain partition key or sort key attributes",
      async () => {
        const error = await refusal(
          table.query({
            KeyConditionExpression: "pk = :pk",
            FilterExpression: "sk = :pk",
            ExpressionAttributeValues: { ":pk": { S: "query" } },
          }),
        );
        expect(error.message).toBe(
          "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk",
        );
      },
    );
  });

  describe("the order of sort keys", () => {
    it("is numeric for numbers", async () => {
      const numbers = tableOf(client, await createTable(client, "N"));
      const values = [
        "-1000000000000",
        "-1.5",
        "-1",
        "-0.001",
        "0",
        "0.000001",
        "1",
        "2",
        "10",
        "10.5",
        "1000000",
      ];
      const shuffled = values.toSorted((a, b) => a.length - b.length || b.localeCompare(a));
      await numbers.putAll(shuffled.map((n) => ({ pk: { S: "n" }, sk: { N: n } })));
      const page = await numbers.query({
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: { ":pk": { S: "n" } },
      });
      expect(sortKeys(page.Items)).toEqual(values);
    });

    it("is that of unsigned bytes for binary values", async () => {
      const bytes = tableOf(client, await createTable(client, "B"));
      const values = [[0], [0, 1], [1], [127], [128], [255]].map((each) => new Uint8Array(each));
      await bytes.putAll(values.toReversed().map((each) => ({ pk: { S: "b" }, sk: { B: each } })));
      const page = await bytes.query({
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: { ":pk": { S: "b" } },
      });
      expect(page.Items?.map((each) => each["sk"]?.B)).toEqual(values);
    });
  });

  describe("a global secondary index", () => {
    it("contains only items that have its keys, in the order of its sort key", async () => {
      await table.putAll([
        item("index", "1", { owner: { S: "o" }, at: { N: "10" }, x: { S: "kept" } }),
        item("index", "2", { owner: { S: "o" }, at: { N: "9" } }),
        item("index", "3", { owner: { S: "o" } }),
      ]);
      const read = () =>
        table.query({
          IndexName: "byOwner",
          KeyConditionExpression: "#o = :o",
          ExpressionAttributeNames: { "#o": "owner" },
          ExpressionAttributeValues: { ":o": { S: "o" } },
        });
      const before = await read();
      expect(sortKeys(before.Items)).toEqual(["2", "1"]);
      expect(before.Items?.[1]?.["x"]).toEqual({ S: "kept" });
      await table.update("index", "2", "REMOVE #o", { ExpressionAttributeNames: { "#o": "owner" } });
      expect(sortKeys((await read()).Items)).toEqual(["1"]);
    });

    it("with projection KEYS_ONLY returns the keys of table and index", async () => {
      await table.put(item("keys", "1", { flag: { S: "f" }, more: { S: "not there" } }));
      const page = await table.query({
        IndexName: "sparse",
        KeyConditionExpression: "flag = :f",
        ExpressionAttributeValues: { ":f": { S: "f" } },
      });
      expect(page.Items).toEqual([item("keys", "1", { flag: { S: "f" } })]);
    });

    it("refuses a consistent read", async () => {
      const error = await refusal(
        table.query({
          IndexName: "sparse",
          ConsistentRead: true,
          KeyConditionExpression: "flag = :f",
          ExpressionAttributeValues: { ":f": { S: "f" } },
        }),
      );
      expect(error.name).toBe("ValidationException");
    });
  });

  describe("BatchGetItem", () => {
    it("returns existing items, and refuses 101 keys or a duplicate key", async () => {
      const get = (keys: Item[]) =>
        client.send(
          new BatchGetItemCommand({ RequestItems: { [table.name]: { Keys: keys, ConsistentRead: true } } }),
        );
      const answer = await get([item("query", "a"), item("query", "absent")]);
      expect(sortKeys(answer.Responses?.[table.name])).toEqual(["a"]);
      const many = Array.from({ length: 101 }, (_, n) => item("query", String(n)));
      expect((await refusal(get(many))).name).toBe("ValidationException");
      expect((await refusal(get([item("query", "a"), item("query", "a")]))).name).toBe("ValidationException");
    });

    it("leaves keys unprocessed beyond 16 MB", async () => {
      const body = { body: { S: "x".repeat(380_000) } };
      const keys = Array.from({ length: 46 }, (_, n) => item("huge", String(n)));
      for (const key of keys) await table.put({ ...key, ...body });
      const answer = await client.send(
        new BatchGetItemCommand({ RequestItems: { [table.name]: { Keys: keys } } }),
      );
      const read = answer.Responses?.[table.name]?.length ?? 0;
      const left = answer.UnprocessedKeys?.[table.name]?.Keys?.length ?? 0;
      expect([read + left, left > 0]).toEqual([46, true]);
    });
  });

  it("scans a table in segments that together cover all of it", async () => {
    const own = tableOf(client, await createTable(client));
    await own.putAll(Array.from({ length: 40 }, (_, n) => item(`pk${n}`, "1")));
    const segments = await Promise.all(
      [0, 1, 2].map((segment) =>
        client.send(new ScanCommand({ TableName: own.name, Segment: segment, TotalSegments: 3 })),
      ),
    );
    const seen = segments.flatMap((page) => (page.Items ?? []).map((each) => each["pk"]?.S));
    expect(new Set(seen).size).toBe(40);
    expect(seen).toHaveLength(40);
  });
}
