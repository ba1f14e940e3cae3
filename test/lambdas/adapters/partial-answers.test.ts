import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { describe, expect, it } from "vitest";
import { toAttributes } from "../../../lambdas/adapters/dynamo.ts";
import { createEntryStore, UnreadEntriesError } from "../../../lambdas/adapters/entry-store.ts";
import { createDueLanes, createLaneScan } from "../../../lambdas/adapters/lane-search.ts";
import { createPurgeTasks, PurgeTasksError } from "../../../lambdas/adapters/purge-tasks.ts";
import { createVisibilityExtender } from "../../../lambdas/adapters/visibility-extender.ts";
import { createWakeUpQueue, WakeUpsNotSentError } from "../../../lambdas/adapters/wake-up-queue.ts";
import { createWorkspaceScan } from "../../../lambdas/adapters/workspace-scan.ts";
import { laneAtStart } from "../../helpers/in-memory-stores.ts";
import { storedEntry } from "../../helpers/journal-records.ts";

const TABLE = "Table";
const SETTINGS = { region: "eu-west-1", credentials: { accessKeyId: "a", secretAccessKey: "b" } };

/** A client whose calls return these answers in turn, and then the last one for ever. `inputs` records the calls. */
function answering<Client extends DynamoDBClient | SQSClient>(client: Client, ...answers: object[]) {
  const inputs: Record<string, unknown>[] = [];
  // Both clients have the same middleware stack, but different types.
  const stack = client.middlewareStack as DynamoDBClient["middlewareStack"];
  stack.add(
    () => async (call) => {
      inputs.push({ ...call.input });
      const output = answers.length > 1 ? answers.shift() : answers[0];
      return { output: { $metadata: {}, ...output }, response: {} } as never;
    },
    { step: "initialize" },
  );
  return { client, inputs };
}

const dynamo = (...answers: object[]) => answering(new DynamoDBClient(SETTINGS), ...answers);
const sqs = (...answers: object[]) => answering(new SQSClient(SETTINGS), ...answers);

async function collect<Page>(pages: AsyncIterable<Page>): Promise<Page[]> {
  const all: Page[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

describe("entries of which DynamoDB returns only some", () => {
  const [one, two] = [storedEntry(1), storedEntry(2)];
  const keyOf = ({ partition, entry }: typeof one) => toAttributes({ partition, entry });
  const left = { UnprocessedKeys: { [TABLE]: { Keys: [keyOf(two)] } } };

  it("are requested again until all are there", async () => {
    const first = { Responses: { [TABLE]: [toAttributes(one)] }, ...left };
    const { client, inputs } = dynamo(first, { Responses: { [TABLE]: [toAttributes(two)] } });
    const found = await createEntryStore(client, TABLE).readEntries("ws_1", [one, two]);
    expect([...found.keys()]).toEqual([one.entry, two.entry]);
    expect(inputs.map(({ RequestItems: items }) => items)).toEqual([
      { [TABLE]: { Keys: [keyOf(one), keyOf(two)], ConsistentRead: true } },
      { [TABLE]: { Keys: [keyOf(two)], ConsistentRead: true } },
    ]);
  });

  it("are never taken for missing ones, and requested again at growing intervals", async () => {
    const { client } = dynamo({ Responses: { [TABLE]: [] }, ...left });
    const pauses: number[] = [];
    const store = createEntryStore(client, TABLE, async (milliseconds) => pauses.push(milliseconds));
    await expect(store.readEntries("ws_1", [two])).rejects.toThrow(new UnreadEntriesError(1));
    expect(pauses).toEqual([50, 100, 200, 400, 800]);
  });
});

describe("messages of which SQS refuses some", () => {
  const refused = { Failed: [{ Id: "0", Code: "InternalError", SenderFault: false }] };
  const urls = { quick: "https://sqs/quick", slow: "https://sqs/slow" };
  const wakeUp = { workspace: "ws_1", destination: "dst_1", lane: "live" };

  it("make sending wake-ups fail, whichever batch they are in", async () => {
    const queue = (...answers: object[]) =>
      createWakeUpQueue(urls, (bytes) => Buffer.alloc(bytes), sqs(...answers).client);
    await expect(queue(refused).send([wakeUp])).rejects.toThrow(new WakeUpsNotSentError(1));
    const wakeUps = Array.from({ length: 11 }, () => wakeUp);
    await expect(queue({}, refused).send(wakeUps)).rejects.toThrow(new WakeUpsNotSentError(1));
    await expect(queue({}).send(wakeUps)).resolves.toBeUndefined();
  });

  it("make queueing purge tasks fail, whichever batch they are in", async () => {
    const tasks = (...answers: object[]) => createPurgeTasks("https://sqs/purge", sqs(...answers).client);
    const workspaces = Array.from({ length: 11 }, (_, index) => `ws_${index}`);
    await expect(tasks(refused).add(["ws_1"])).rejects.toThrow(new PurgeTasksError(1));
    await expect(tasks({}, refused).add(workspaces)).rejects.toThrow(new PurgeTasksError(1));
    await expect(tasks({}).add(workspaces)).resolves.toBeUndefined();
  });

  it("have their visibility extended in the queue from which they were received", async () => {
    const { client, inputs } = sqs({});
    const visibility = createVisibilityExtender(urls, client);
    await visibility.extend({ receiptHandle: "r1", isSlow: true }, 17);
    await visibility.extend({ receiptHandle: "r2", isSlow: false }, 18);
    expect(inputs).toEqual([
      { QueueUrl: urls.slow, ReceiptHandle: "r1", VisibilityTimeout: 17 },
      { QueueUrl: urls.quick, ReceiptHandle: "r2", VisibilityTimeout: 18 },
    ]);
  });
});

describe("a search with several pages", () => {
  const next = toAttributes({ workspace: "ws_1", item: "lane#dst_1#live" });
  const startsOf = (inputs: Record<string, unknown>[]) => inputs.map(({ ExclusiveStartKey: start }) => start);

  it("finds the due lanes on each page, even after an empty one", async () => {
    const page = (destination: string) => [
      toAttributes({ workspace: "ws_1", item: `lane#${destination}#live`, dueShard: "due" }),
    ];
    const { client, inputs } = dynamo(
      { Items: page("dst_1"), LastEvaluatedKey: next },
      { Items: [], LastEvaluatedKey: next },
      { Items: page("dst_2") },
    );
    const wakeUps = (await collect(createDueLanes(client, TABLE).dueLanes("2026-11-23"))).flat();
    expect(wakeUps.map(({ destination }) => destination)).toEqual(["dst_1", "dst_2"]);
    expect(startsOf(inputs)).toEqual([undefined, next, next]);
  });

  it("finds the live lanes on each page", async () => {
    const [one, two] = [laneAtStart("ws_1", "dst_1"), laneAtStart("ws_1", "dst_2")].map((lane) =>
      toAttributes(lane),
    );
    const { client, inputs } = dynamo({ Items: [one], LastEvaluatedKey: next }, { Items: [two] });
    const found = (await collect(createLaneScan(client, TABLE).liveLanes())).flatMap(({ lanes }) => lanes);
    expect(found.map(({ destination }) => destination)).toEqual(["dst_1", "dst_2"]);
    expect(startsOf(inputs)).toEqual([undefined, next]);
  });

  it("finds the workspaces on each page", async () => {
    const page = (workspace: string) => [toAttributes({ workspace })];
    const { client, inputs } = dynamo(
      { Items: page("ws_1"), LastEvaluatedKey: next },
      { LastEvaluatedKey: next },
      { Items: page("ws_2") },
    );
    expect((await collect(createWorkspaceScan(client, TABLE).all())).flat()).toEqual(["ws_1", "ws_2"]);
    expect(startsOf(inputs)).toEqual([undefined, next, next]);
  });
});
