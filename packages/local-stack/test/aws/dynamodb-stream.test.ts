import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createDynamoDb, openDatabase, type DynamoDbService } from "../../src/aws/services.ts";

const HOUR = 3_600_000;
const START = Date.parse("2026-11-23T05:00:00.000Z");
const PROPERTIES = {
  TableName: "Events",
  BillingMode: "PAY_PER_REQUEST",
  KeySchema: [
    { AttributeName: "partition", KeyType: "HASH" },
    { AttributeName: "entry", KeyType: "RANGE" },
  ],
  AttributeDefinitions: [
    { AttributeName: "partition", AttributeType: "S" },
    { AttributeName: "entry", AttributeType: "S" },
  ],
  StreamSpecification: { StreamViewType: "NEW_AND_OLD_IMAGES" },
  TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
};

let dir: string;
let database: DatabaseSync;
let dynamoDb: DynamoDbService;
let stream: string;
let now: number;

function open(): void {
  database = openDatabase(join(dir, "aws.db"));
  const options = { database, clock: () => now, region: "eu-central-1", accountId: "123456789012" };
  dynamoDb = createDynamoDb(options);
  stream = dynamoDb.createTable(PROPERTIES).streamArn ?? "";
}

/** Whether SQLite's query plan starts at a position, or takes the first row in the order of positions. */
function visitsOnlyWhatItAnswers(sql: string): boolean {
  const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...(sql.match(/\?/g) ?? []).map(() => 0));
  const steps = plan.map(({ detail }) => String(detail));
  const isSearch = steps.every((step) => /^SEARCH \S+ USING INTEGER PRIMARY KEY/.test(step));
  const isFirst = sql.endsWith(" LIMIT 1") && steps.every((step) => /^SCAN \S+$/.test(step));
  return isSearch || isFirst;
}

beforeEach(async () => {
  now = START;
  dir = await mkdtemp(join(tmpdir(), "local-stack-stream-"));
  open();
});
afterEach(async () => {
  database.close();
  await rm(dir, { recursive: true });
});

async function call(action: string, input: Record<string, unknown>): Promise<Record<string, unknown>> {
  return dynamoDb.handle({ service: "DynamoDB_20120810", action, input });
}
const key = (entry: string) => ({ partition: { S: "ws_1" }, entry: { S: entry } });
const put = (entry: string, more = {}) =>
  call("PutItem", { TableName: "Events", Item: { ...key(entry), ...more } });
const read = (after?: string, limit = 1000) => dynamoDb.readStream(stream, after, limit);

describe("a stream record", () => {
  it("has the form in which Lambda passes it to a function", async () => {
    await put("a", { n: { N: "1" }, b: { B: "AQI=" } });
    expect(read()).toEqual([
      {
        eventID: expect.stringMatching(/^[0-9a-f]{32}$/),
        eventName: "INSERT",
        eventVersion: "1.1",
        eventSource: "aws:dynamodb",
        awsRegion: "eu-central-1",
        eventSourceARN:
          "arn:aws:dynamodb:eu-central-1:123456789012:table/Events/stream/2026-11-23T05:00:00.000",
        dynamodb: {
          ApproximateCreationDateTime: START / 1000,
          Keys: key("a"),
          NewImage: { ...key("a"), n: { N: "1" }, b: { B: "AQI=" } },
          SequenceNumber: expect.stringMatching(/^\d{21,40}$/),
          SizeBytes: expect.any(Number),
          StreamViewType: "NEW_AND_OLD_IMAGES",
        },
      },
    ]);
  });

  it("says whether an item was created, changed or deleted, with both images", async () => {
    await put("a", { n: { N: "1" } });
    await put("a", { n: { N: "2" } });
    await call("DeleteItem", { TableName: "Events", Key: key("a") });
    const records = read();
    expect(records.map((record) => record.eventName)).toEqual(["INSERT", "MODIFY", "REMOVE"]);
    expect(records[1]?.dynamodb).toMatchObject({
      OldImage: { n: { N: "1" } },
      NewImage: { n: { N: "2" } },
    });
    expect(records[2]?.dynamodb.NewImage).toBeUndefined();
    expect(records[2]).not.toHaveProperty("userIdentity");
  });

  it("is not written for a put that changes nothing, whatever the order of attributes", async () => {
    await put("a", { x: { S: "1" }, tags: { SS: ["a", "b"] }, n: { N: "1.0" } });
    await put("a", { n: { N: "1" }, tags: { SS: ["b", "a"] }, x: { S: "1" } });
    await call("UpdateItem", {
      TableName: "Events",
      Key: key("a"),
      UpdateExpression: "SET x = :same",
      ExpressionAttributeValues: { ":same": { S: "1" } },
    });
    await call("DeleteItem", { TableName: "Events", Key: key("absent") });
    expect(read()).toHaveLength(1);
  });

  it("is not written if a condition or a transaction fails", async () => {
    await put("a");
    const condition = { ConditionExpression: "attribute_not_exists(entry)" };
    const item = { TableName: "Events", Item: key("a"), ...condition };
    await expect(call("PutItem", item)).rejects.toThrow("The conditional request failed");
    const items = [{ Put: { TableName: "Events", Item: key("b") } }, { Put: item }];
    await expect(call("TransactWriteItems", { TransactItems: items })).rejects.toThrow(
      "Transaction cancelled",
    );
    expect(read()).toHaveLength(1);
  });

  it("names DynamoDB as the author of a deletion by time to live", async () => {
    await put("old", { expiresAt: { N: String(START / 1000 + 60) } });
    await put("new", { expiresAt: { N: String(START / 1000 + 120) } });
    expect(dynamoDb.expireNow()).toBe(0);
    now += 61_000;
    expect(dynamoDb.expireNow()).toBe(1);
    const record = read().at(-1);
    expect(record).toMatchObject({
      eventName: "REMOVE",
      userIdentity: { type: "Service", principalId: "dynamodb.amazonaws.com" },
      dynamodb: { Keys: key("old") },
    });
  });
});

describe("sequence numbers", () => {
  it("grow as numbers, but do not all have the same length", async () => {
    for (let n = 0; n < 120; n += 1) await put(`e${n}`);
    const numbers = read().map((record) => record.dynamodb.SequenceNumber);
    const values = numbers.map(BigInt);
    expect(values).toEqual(values.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(new Set(numbers.map((each) => each.length))).toEqual(new Set([21, 22]));
  });

  it("continue where a reader stopped, even after a restart", async () => {
    for (const entry of ["a", "b", "c"]) await put(entry);
    const [first] = read(undefined, 1);
    database.close();
    open();
    await put("d");
    const rest = read(first?.dynamodb.SequenceNumber);
    expect(rest.map((record) => record.dynamodb.Keys["entry"])).toEqual([{ S: "b" }, { S: "c" }, { S: "d" }]);
  });

  it("are not reused after all records were trimmed", async () => {
    await put("a");
    const [first] = read();
    now += 25 * HOUR;
    expect(read()).toEqual([]);
    await put("b");
    const [second] = read();
    expect(BigInt(second?.dynamodb.SequenceNumber ?? 0)).toBeGreaterThan(
      BigInt(first?.dynamodb.SequenceNumber ?? 0),
    );
  });
});

describe("a stream", () => {
  it("keeps records for 24 hours of its clock", async () => {
    await put("a");
    now += 23 * HOUR;
    await put("b");
    now += 1.5 * HOUR;
    expect(read().map((record) => record.dynamodb.Keys["entry"])).toEqual([{ S: "b" }]);
    const { oldest, latest } = dynamoDb.streamPositions(stream);
    expect(oldest).toBe(latest);
  });

  it("calls its listeners after the commit, but not after they have unsubscribed", async () => {
    const listener = vi.fn<(streamArn: string) => number>(() => read().length);
    const stop = dynamoDb.onWrite(listener);
    await put("a");
    await vi.waitFor(() => expect(listener).toHaveBeenCalledWith(stream));
    expect(listener.mock.results[0]?.value).toBe(1);
    stop();
    await put("b");
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it("is read from a reader's position without reading other rows, however long it is", () => {
    const prepare = vi.spyOn(database, "prepare");
    createDynamoDb({
      database,
      clock: () => now,
      region: "eu-central-1",
      accountId: "123456789012",
    }).createTable(PROPERTIES);
    const queries = prepare.mock.calls
      .map(([sql]) => sql)
      .filter((sql) => sql.startsWith("SELECT") && sql.includes("dynamodb_stream_"));
    prepare.mockRestore();
    expect(queries).not.toEqual([]);
    expect(queries.filter((sql) => !visitsOnlyWhatItAnswers(sql))).toEqual([]);
  });

  it("is replaced by a new one if the template changes its view type", () => {
    now += 1000;
    const changed = { ...PROPERTIES, StreamSpecification: { StreamViewType: "NEW_IMAGE" } };
    expect(dynamoDb.createTable(changed).streamArn).not.toBe(stream);
    expect(dynamoDb.createTable(changed).streamArn).toBe(dynamoDb.createTable(changed).streamArn);
  });
});

describe("a table of a template", () => {
  it("keeps its items when an index is added, which then contains them", async () => {
    await put("a", { due: { S: "x" } });
    const index = {
      IndexName: "due",
      KeySchema: [{ AttributeName: "due", KeyType: "HASH" }],
      Projection: { ProjectionType: "KEYS_ONLY" },
    };
    dynamoDb.createTable({
      ...PROPERTIES,
      AttributeDefinitions: [
        ...PROPERTIES.AttributeDefinitions,
        { AttributeName: "due", AttributeType: "S" },
      ],
      GlobalSecondaryIndexes: [index],
    });
    const answer = await call("Query", {
      TableName: "Events",
      IndexName: "due",
      KeyConditionExpression: "due = :x",
      ExpressionAttributeValues: { ":x": { S: "x" } },
    });
    expect(answer["Items"]).toEqual([{ ...key("a"), due: { S: "x" } }]);
  });

  it("refuses changed keys and unknown properties by name", () => {
    const other = [{ AttributeName: "partition", KeyType: "HASH" }];
    const definitions = PROPERTIES.AttributeDefinitions.slice(0, 1);
    const changed = { ...PROPERTIES, KeySchema: other, AttributeDefinitions: definitions };
    expect(() => dynamoDb.createTable(changed)).toThrow("another key schema");
    expect(() => dynamoDb.createTable({ ...PROPERTIES, LocalSecondaryIndexes: [] })).toThrow(
      "LocalSecondaryIndexes",
    );
  });
});
