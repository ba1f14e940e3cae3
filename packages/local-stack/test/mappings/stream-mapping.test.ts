import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StreamRecord } from "../../src/aws/services.ts";
import type { InvocationResult } from "../../src/functions/function-pool.ts";
import { StreamMapping, type StreamMappingSettings } from "../../src/mappings/stream-mapping.ts";

const SETTINGS: StreamMappingSettings = {
  streamArn: "arn:stream",
  functionArn: "arn:function",
  startsAtLatest: false,
  batchSize: 10,
  windowMs: 0,
  bisects: false,
  reportsFailures: true,
  maxRetries: Infinity,
  maxAgeMs: 86_400_000,
  wants: () => true,
};

// Real sequence numbers grow past a power of ten without leading zeros, so that as text they do not sort like numbers.
const sequenceOf = (index: number): string => String(999_999_999_999_999_999_990n + BigInt(index));

function record(index: number, eventName: StreamRecord["eventName"] = "INSERT"): StreamRecord {
  return {
    eventID: `e${index}`,
    eventName,
    eventVersion: "1.1",
    eventSource: "aws:dynamodb",
    awsRegion: "us-east-1",
    eventSourceARN: "arn:stream",
    dynamodb: {
      ApproximateCreationDateTime: 1000 + index,
      Keys: { id: { S: String(index) } },
      SequenceNumber: sequenceOf(index),
      SizeBytes: 1,
      StreamViewType: "NEW_IMAGE",
    },
  };
}

type Respond = (indices: number[], call: number) => "throw" | number[] | { raw: string };

/**
 * A stream of `records` and a function with the results of `respond`: which records of the batch failed, or that it
 * threw.
 */
function world(records: StreamRecord[], settings: Partial<StreamMappingSettings>, respond: Respond) {
  const calls: number[][] = [];
  const given: { condition: string; size: number; start: string }[] = [];
  const state = { checkpoint: undefined as string | undefined, now: 1_000_000, pauses: 0 };
  const invoke = async (event: string): Promise<InvocationResult> => {
    const batch = (JSON.parse(event) as { Records: StreamRecord[] }).Records;
    const indices = batch.map((one) => Number((one.dynamodb.Keys["id"] as { S: string }).S));
    calls.push(indices);
    const answer = respond(indices, calls.length);
    if (answer === "throw") return { kind: "failed", errorType: "Error", errorMessage: "x", trace: [] };
    if (!Array.isArray(answer)) return { kind: "done", result: answer.raw };
    const batchItemFailures = answer.map((index) => ({ itemIdentifier: sequenceOf(index) }));
    return { kind: "done", result: JSON.stringify({ batchItemFailures }) };
  };
  const mapping = new StreamMapping(
    { ...SETTINGS, ...settings },
    {
      stream: {
        readStream: (_, after, limit) =>
          records
            .filter((one) => after === undefined || BigInt(one.dynamodb.SequenceNumber) > BigInt(after))
            .slice(0, limit),
      },
      invoke,
      checkpoint: {
        read: () => state.checkpoint,
        write: (sequenceNumber) => {
          state.checkpoint = sequenceNumber;
        },
      },
      giveUp: (text) => {
        const description = JSON.parse(text) as {
          requestContext: { condition: string };
          DDBStreamBatchInfo: { batchSize: number; startSequenceNumber: string };
        };
        const { batchSize, startSequenceNumber } = description.DDBStreamBatchInfo;
        given.push({
          condition: description.requestContext.condition,
          size: batchSize,
          start: startSequenceNumber,
        });
      },
      now: () => state.now,
      pause: async () => {
        state.pauses += 1;
      },
      backOff: async () => {
        state.now += 100;
      },
    },
  );
  const { signal } = new AbortController();
  return { poll: () => mapping.poll(signal), calls, given, state };
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);
const records = (count: number): StreamRecord[] => range(0, count).map((index) => record(index));

describe("a stream's mapping", () => {
  it("passes records on in order and in batches, and moves its checkpoint", async () => {
    const { poll, calls, state } = world(records(25), {}, () => []);
    while ((await poll()) !== "nothing");
    expect(calls).toEqual([range(0, 10), range(10, 20), range(20, 25)]);
    expect(state.checkpoint).toBe(sequenceOf(24));
  });

  it("skips records that its filter does not match, and moves its checkpoint past them", async () => {
    const mixed = [record(0), record(1, "REMOVE"), record(2), record(3, "MODIFY")];
    const { poll, calls, state } = world(
      mixed,
      { wants: (one) => (one as StreamRecord).eventName === "INSERT" },
      () => [],
    );
    await poll();
    expect(calls).toEqual([[0, 2]]);
    expect(state.checkpoint).toBe(sequenceOf(3));
    const unwanted = world([record(0, "REMOVE")], { wants: () => false }, () => []);
    await unwanted.poll();
    expect([unwanted.calls, unwanted.state.checkpoint]).toEqual([[], sequenceOf(0)]);
  });

  it("checkpoints at the lowest failed record and continues from there", async () => {
    const { poll, calls, state } = world(records(6), {}, (batch, call) => (call === 1 ? [4, 2] : []));
    await poll();
    expect(calls).toEqual([range(0, 6), range(2, 6)]);
    expect(state.checkpoint).toBe(sequenceOf(5));
  });

  it.each([
    ['{"batchItemFailures":[{"itemIdentifier":""}]}'],
    ['{"batchItemFailures":[{"itemIdentifier":null}]}'],
    ['{"batchItemFailures":[{"itemIdentifier":"12345"}]}'],
    ['{"batchItemFailures":[{"wrong":"1"}]}'],
    ['{"batchItemFailures":"all"}'],
  ])("takes %s as the failure of the whole batch", async (raw) => {
    const { poll, calls } = world(records(2), {}, (_, call) => (call === 1 ? { raw } : []));
    await poll();
    expect(calls).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  it.each([["null"], ["{}"], ['""'], ['{"batchItemFailures":[]}'], ['{"batchItemFailures":null}']])(
    "takes %s for success",
    async (raw) => {
      const { poll, calls } = world(records(2), {}, () => ({ raw }));
      await poll();
      expect(calls).toEqual([[0, 1]]);
    },
  );

  it("bisects a batch that throws until the failing record is alone, without using up retries", async () => {
    const settings = { bisects: true, maxRetries: 2 };
    const { poll, given, calls, state } = world(records(8), settings, (batch) =>
      batch.includes(5) ? "throw" : [],
    );
    await poll();
    expect(given).toEqual([{ condition: "RetryAttemptsExhausted", size: 1, start: sequenceOf(5) }]);
    const lonely = calls.filter((batch) => batch.length === 1 && batch[0] === 5);
    expect(lonely).toHaveLength(3); // the first attempt and two retries
    const succeeded = calls.filter((batch) => !batch.includes(5)).flat();
    expect(succeeded).toEqual([0, 1, 2, 3, 4, 6, 7]);
    expect(state.checkpoint).toBe(sequenceOf(7));
  });

  it("without bisection discards the whole batch after its retries, with a description of it", async () => {
    const { poll, calls, given } = world(records(3), { maxRetries: 1 }, () => "throw");
    await poll();
    expect(calls).toEqual([range(0, 3), range(0, 3)]);
    expect(given).toEqual([{ condition: "RetryAttemptsExhausted", size: 3, start: sequenceOf(0) }]);
  });

  it("discards a record that is too old", async () => {
    const { poll, given, calls } = world(records(1), { maxAgeMs: 250 }, () => "throw");
    await poll();
    expect(given).toMatchObject([{ condition: "RecordAgeExceeded", size: 1 }]);
    expect(calls.length).toBeLessThanOrEqual(3);
  });

  it("waits for its window if the batch is not full", async () => {
    const { poll, state } = world(records(3), { windowMs: 500 }, () => []);
    await poll();
    expect(state.pauses).toBe(1);
  });

  it("limits a batch to six megabytes", async () => {
    const large = records(4).map((one) => ({
      ...one,
      dynamodb: { ...one.dynamodb, NewImage: { body: { B: "x".repeat(2_500_000) } } },
    }));
    const { poll, calls } = world(large, {}, () => []);
    while ((await poll()) !== "nothing");
    expect(calls).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it("passes every record, in order, exactly once it has succeeded, whatever fails meanwhile", async () => {
    const outcomes = fc.array(
      fc.oneof(fc.constant("throw" as const), fc.nat(9), fc.constant("well" as const)),
      { maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 25 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        outcomes,
        async (count, batchSize, bisects, plan) => {
          const passed: number[] = [];
          const { poll, state } = world(records(count), { batchSize, bisects }, (batch, call) => {
            const outcome = plan[call - 1] ?? "well";
            if (outcome === "throw") return "throw";
            const failed = outcome === "well" ? batch.length : Math.min(outcome, batch.length);
            passed.push(...batch.slice(0, failed));
            return batch.slice(failed, failed + 1);
          });
          while ((await poll()) !== "nothing");
          expect(passed).toEqual(range(0, count));
          expect(state.checkpoint).toBe(sequenceOf(count - 1));
        },
      ),
      { numRuns: 200 },
    );
  });
});
