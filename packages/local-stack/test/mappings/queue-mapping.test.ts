import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DatabaseSync } from "node:sqlite";
import { createSqs, type SqsService } from "../../src/aws/services.ts";
import type { InvocationResult } from "../../src/functions/function-pool.ts";
import { QueueMapping, type QueueMappingSettings } from "../../src/mappings/queue-mapping.ts";
import { createVisibilityHolds } from "../../src/mappings/visibility-holds.ts";

const VISIBILITY_SECONDS = 30;
const URL = "http://127.0.0.1:1/000000000000/q.fifo";

let database: DatabaseSync;
let sqs: SqsService;
let queueArn: string;
let now: number;
let stopping: AbortController;
let done: Promise<void>;
let faults: unknown[];

beforeEach(() => {
  database = new DatabaseSync(":memory:");
  now = 1_000_000;
  sqs = createSqs({
    database,
    clock: () => now,
    region: "us-east-1",
    accountId: "000000000000",
    endpoint: () => "http://127.0.0.1:1",
    // Long polls check again after a few real milliseconds and so see how the test has changed the clock.
    realDelay: () => 5,
  });
  queueArn = sqs.createQueue({
    QueueName: "q.fifo",
    FifoQueue: true,
    VisibilityTimeout: VISIBILITY_SECONDS,
  }).queueArn;
  stopping = new AbortController();
  done = Promise.resolve();
  faults = [];
});

afterEach(async () => {
  stopping.abort();
  await done;
  sqs.close();
  database.close();
  if (faults.length > 0) throw faults[0];
});

async function send(body: string, group: string): Promise<void> {
  const input = { QueueUrl: URL, MessageBody: body, MessageGroupId: group, MessageDeduplicationId: body };
  await sqs.handle({ service: "AmazonSQS", action: "SendMessage", input });
}

interface Delivery {
  ids: string[];
  bodies: string[];
  finish(result: InvocationResult): void;
}

/** Starts a mapping whose invocations wait until the test finishes them. */
function start(settings: Partial<QueueMappingSettings> = {}, scale = 1): Delivery[] {
  const deliveries: Delivery[] = [];
  const holds = createVisibilityHolds(sqs, scale, () => VISIBILITY_SECONDS);
  const mapping = new QueueMapping(
    {
      queueArn,
      region: "us-east-1",
      batchSize: 1,
      concurrency: 5,
      reportsFailures: true,
      wants: () => true,
      ...settings,
    },
    {
      queue: sqs,
      invoke: (event) =>
        new Promise((finish) => {
          const { Records } = JSON.parse(event) as { Records: { messageId: string; body: string }[] };
          const ids = Records.map(({ messageId }) => messageId);
          deliveries.push({ ids, bodies: Records.map(({ body }) => body), finish });
        }),
      holds: {
        visibilitySeconds: () => holds.visibilitySeconds(queueArn),
        received: holds.received,
        ended: (handle, failed) => holds.ended(queueArn, handle, failed),
      },
      onFault: (error) => faults.push(error),
    },
  );
  done = mapping.run(stopping.signal);
  return deliveries;
}

const SUCCESS: InvocationResult = { kind: "done", result: "null" };
const FAILURE: InvocationResult = { kind: "failed", errorType: "Error", errorMessage: "x", trace: [] };
const bodiesOf = (deliveries: Delivery[]): string[] => deliveries.flatMap(({ bodies }) => bodies);

describe("a queue's mapping", () => {
  it("processes groups in parallel, and the messages of a group one after the other", async () => {
    for (const body of ["a1", "a2", "b1"]) await send(body, body.slice(0, 1));
    const deliveries = start();
    await vi.waitFor(() => expect(bodiesOf(deliveries).toSorted()).toEqual(["a1", "b1"]));
    deliveries.find(({ bodies }) => bodies[0] === "a1")?.finish(SUCCESS);
    await vi.waitFor(() => expect(bodiesOf(deliveries)).toContain("a2"));
    for (const delivery of deliveries) delivery.finish(SUCCESS);
    await vi.waitFor(() => expect(sqs.counts(queueArn)).toEqual({ visible: 0, inFlight: 0, delayed: 0 }));
  });

  it("has no more concurrent invocations than its concurrency", async () => {
    for (const group of ["a", "b", "c", "d"]) await send(`${group}1`, group);
    const deliveries = start({ concurrency: 2 });
    await vi.waitFor(() => expect(deliveries).toHaveLength(2));
    expect(sqs.counts(queueArn)).toMatchObject({ visible: 2, inFlight: 2 });
    deliveries[0]?.finish(SUCCESS);
    await vi.waitFor(() => expect(deliveries).toHaveLength(3));
    for (const delivery of deliveries) delivery.finish(SUCCESS);
    await vi.waitFor(() => expect(deliveries).toHaveLength(4));
    deliveries[3]?.finish(SUCCESS);
  });

  it("leaves a failed message invisible until its visibility ends, and its group waiting", async () => {
    await send("a1", "a");
    await send("a2", "a");
    const deliveries = start();
    await vi.waitFor(() => expect(deliveries).toHaveLength(1));
    deliveries[0]?.finish(FAILURE);
    await vi.waitFor(() => expect(sqs.counts(queueArn).inFlight).toBe(1));
    now += (VISIBILITY_SECONDS - 1) * 1000;
    expect(deliveries).toHaveLength(1);
    now += 2000;
    await vi.waitFor(() => expect(bodiesOf(deliveries)).toEqual(["a1", "a1"]));
    deliveries[1]?.finish(SUCCESS);
    await vi.waitFor(() => expect(bodiesOf(deliveries)).toEqual(["a1", "a1", "a2"]));
    deliveries[2]?.finish(SUCCESS);
  });

  it("deletes the successful messages of a batch and keeps those reported as failed", async () => {
    for (const body of ["a1", "b1", "c1"]) await send(body, body.slice(0, 1));
    const deliveries = start({ batchSize: 10 });
    await vi.waitFor(() => expect(bodiesOf(deliveries)).toHaveLength(3));
    for (const { ids, bodies, finish } of deliveries) {
      const failed = ids.filter((_, index) => bodies[index] === "b1");
      const batchItemFailures = failed.map((itemIdentifier) => ({ itemIdentifier }));
      finish({ kind: "done", result: JSON.stringify({ batchItemFailures }) });
    }
    await vi.waitFor(() => expect(sqs.counts(queueArn)).toEqual({ visible: 0, inFlight: 1, delayed: 0 }));
    const before = deliveries.length;
    now += (VISIBILITY_SECONDS + 1) * 1000;
    await vi.waitFor(() => expect(bodiesOf(deliveries.slice(before))).toEqual(["b1"]));
    deliveries.at(-1)?.finish(SUCCESS);
  });

  it("continues if a message's visibility has ended before it succeeds", async () => {
    await send("a1", "a");
    const deliveries = start({ concurrency: 1 });
    await vi.waitFor(() => expect(deliveries).toHaveLength(1));
    now += (VISIBILITY_SECONDS + 1) * 1000;
    deliveries[0]?.finish(SUCCESS);
    await vi.waitFor(() => expect(bodiesOf(deliveries)).toEqual(["a1", "a1"]));
    deliveries[1]?.finish(SUCCESS);
    await vi.waitFor(() => expect(sqs.counts(queueArn)).toEqual({ visible: 0, inFlight: 0, delayed: 0 }));
  });

  it("hides a message for longer if the clock is faster than the function, and shortens that after a failure", async () => {
    await send("a1", "a");
    const deliveries = start({}, 60);
    await vi.waitFor(() => expect(deliveries).toHaveLength(1));
    now += (VISIBILITY_SECONDS + 5) * 1000;
    expect(sqs.counts(queueArn)).toMatchObject({ visible: 0, inFlight: 1 });
    deliveries[0]?.finish(FAILURE);
    await vi.waitFor(() => expect(deliveries).toHaveLength(1));
    now += (VISIBILITY_SECONDS + 1) * 1000;
    await vi.waitFor(() => expect(deliveries).toHaveLength(2));
    deliveries[1]?.finish(SUCCESS);
  });

  it("releases messages that it hides for longer if the stack is killed meanwhile", async () => {
    await send("a1", "a");
    const deliveries = start({}, 60);
    await vi.waitFor(() => expect(deliveries).toHaveLength(1));
    expect(sqs.releaseInFlight()).toBe(1);
    await vi.waitFor(() => expect(deliveries).toHaveLength(2));
    for (const { finish } of deliveries) finish(SUCCESS);
  });

  it("continues if a message was received again before its function had ended", async () => {
    await send("a1", "a");
    const deliveries = start();
    await vi.waitFor(() => expect(deliveries).toHaveLength(1));
    now += (VISIBILITY_SECONDS + 1) * 1000;
    await vi.waitFor(() => expect(deliveries).toHaveLength(2));
    deliveries[0]?.finish(SUCCESS);
    deliveries[1]?.finish(SUCCESS);
    await vi.waitFor(() => expect(sqs.counts(queueArn)).toEqual({ visible: 0, inFlight: 0, delayed: 0 }));
    await send("b1", "b");
    await vi.waitFor(() => expect(deliveries).toHaveLength(3));
    deliveries[2]?.finish(SUCCESS);
  });
});
