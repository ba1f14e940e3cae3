import type { DynamoDBBatchResponse } from "aws-lambda";
import { beforeEach, expect, it } from "vitest";
import { METRIC } from "../../lambdas/core/base/metric-names.ts";
import { toAttributes } from "../../lambdas/adapters/dynamo.ts";
import { createFanOutHandler, type FanOutEntriesDependencies } from "../../lambdas/fan-out-entries.ts";
import { createRedriveHandler } from "../../lambdas/redrive-quarantine.ts";
import { createInMemoryRetention } from "../helpers/in-memory-purge.ts";
import {
  createInMemoryEntries,
  createInMemoryJournal,
  createInMemoryLanes,
  createInMemoryQuarantine,
  createInMemoryWakeUps,
  createRecordedLog,
  createRecordedMetrics,
  laneAtStart,
} from "../helpers/in-memory-stores.ts";
import { contextWith, lambdaContext } from "../helpers/http-events.ts";
import { LABEL, storedEntry } from "../helpers/journal-records.ts";

const NOW = Date.parse("2026-11-23T12:00:00.000Z");
const stores = () => ({
  journal: createInMemoryJournal(),
  entries: createInMemoryEntries(),
  lanes: createInMemoryLanes(),
  wakeUps: createInMemoryWakeUps(),
  quarantine: createInMemoryQuarantine(),
});

let world: ReturnType<typeof stores>;
let metrics: ReturnType<typeof createRecordedMetrics>;
let log: ReturnType<typeof createRecordedLog>;
let dependencies: FanOutEntriesDependencies & { quarantine: ReturnType<typeof createInMemoryQuarantine> };

beforeEach(() => {
  world = stores();
  metrics = createRecordedMetrics();
  world.lanes.put(laneAtStart("ws_1", "dst_1"));
  log = createRecordedLog();
  dependencies = { ...world, clock: () => NOW, log, metrics, isLasting: () => false };
});

/** A record as Lambda passes it; `change` replaces attributes of its image. */
function streamRecord(name: number, change: Record<string, unknown> = {}, eventName = "INSERT"): unknown {
  const { body: _body, ...entry } = storedEntry(name);
  const { partition, entry: key, ...rest } = toAttributes(entry);
  const image = { partition, entry: key, ...rest, body: { B: "AAAA" }, ...change };
  return {
    eventID: String(name),
    eventName,
    eventSourceARN: `arn:aws:dynamodb:eu-west-1:111111111111:table/Events/stream/${LABEL}`,
    dynamodb: {
      SequenceNumber: String(100 + name),
      Keys: { partition, entry: key },
      NewImage: image,
      StreamViewType: "NEW_IMAGE",
    },
  };
}

const invoke = (...Records: unknown[]): Promise<DynamoDBBatchResponse> =>
  createFanOutHandler(dependencies)({ Records }, lambdaContext);
const journalled = (): string[] =>
  world.journal.pagesOf("ws_1").flatMap(({ entries }) => entries.map(({ entry }) => entry));

it("journals the records of new entries in the order of the stream", async () => {
  expect(await invoke(streamRecord(1), streamRecord(3), streamRecord(2))).toStrictEqual({
    batchItemFailures: [],
  });
  expect(journalled()).toStrictEqual([1, 3, 2].map((name) => storedEntry(name).entry));
  expect(metrics.counts.get(METRIC.pagesWritten)).toBe(1);
});

it("ignores changes and removals that pass the filter of the mapping", async () => {
  await invoke(streamRecord(1, {}, "MODIFY"), streamRecord(2, {}, "REMOVE"), streamRecord(3));
  expect(journalled()).toStrictEqual([storedEntry(3).entry]);
});

it.each([
  ["no hash", { hash: undefined }],
  ["a malformed hash", { hash: { S: "x" } }],
  ["a number as text", { count: { S: "1" } }],
  ["no events", { count: { N: "0" } }],
  ["more events than a page holds", { count: { N: "101" } }],
  ["a fractional number", { bytes: { N: "1.5" } }],
  ["a malformed time", { recordedAt: { S: "soon" } }],
  ["a key of another workspace", { partition: { S: "ws_2" } }],
  ["a malformed workspace", { workspace: { S: "w" }, partition: { S: "w" } }],
])("quarantines a record with %s, and journals the records after it", async (_name, change) => {
  expect(await invoke(streamRecord(1, change), streamRecord(2))).toStrictEqual({ batchItemFailures: [] });
  expect(journalled()).toStrictEqual([storedEntry(2).entry]);
  expect(metrics.counts.get(METRIC.recordsQuarantined)).toBe(1);
});

it("logs the workspace, entry and reason of what it quarantines, and the result of its redrive", async () => {
  const unreadable = new TypeError("hunter2");
  const place = { entry: storedEntry(1).entry, sequenceNumber: "101" };
  const lines = (message: string) => log.lines.filter((line) => line.message === message);
  await invoke(streamRecord(1, { count: { N: "0" } }));
  expect(lines("record.quarantined")).toStrictEqual([
    {
      level: "error",
      message: "record.quarantined",
      fields: { workspace: "ws_1", ...place, rule: "record" },
      error: undefined,
    },
  ]);
  log.lines.length = 0;
  dependencies.journal = { ...world.journal, newestPage: async () => Promise.reject(unreadable) };
  dependencies.isLasting = () => true;
  await invoke(streamRecord(1));
  expect(lines("record.quarantined")).toMatchObject([
    { fields: { workspace: "ws_1", ...place, rule: "journal" }, error: unreadable },
  ]);
  const retention = createInMemoryRetention(world.entries);
  await createRedriveHandler({ ...dependencies, retention })({}, lambdaContext);
  expect(lines("record.redriven")).toMatchObject([
    { fields: { workspace: "ws_1", ...place, outcome: "expired" } },
  ]);
});

it("does not log a partition key as a workspace if it is not a workspace's id", async () => {
  const record = streamRecord(1, { count: { N: "0" } });
  Object.assign(Reflect.get(Object(record), "dynamodb"), { Keys: { partition: { S: "<script>" } } });
  await invoke(record);
  expect(log.lines).toMatchObject([{ message: "record.quarantined" }]);
  expect(log.lines[0]?.fields).not.toHaveProperty("workspace");
});

it("reports the sequence number of the lowest record that must be delivered again", async () => {
  dependencies.journal = {
    ...world.journal,
    newestPage: async () => Promise.reject(new Error("throttled")),
  };
  expect(await invoke(streamRecord(1, { hash: { S: "" } }), streamRecord(2), streamRecord(3))).toStrictEqual({
    batchItemFailures: [{ itemIdentifier: "102" }],
  });
});

it("fails the whole invocation over records without a sequence number, so that Lambda repeats it", async () => {
  await expect(invoke({ eventName: "INSERT" })).rejects.toBeInstanceOf(Error);
});

it("redrives quarantined records once their entries can be read, and returns the counts", async () => {
  await invoke(streamRecord(1, { count: { N: "0" } }), streamRecord(2));
  const redrive = createRedriveHandler({
    ...dependencies,
    retention: createInMemoryRetention(world.entries),
  });
  await world.entries.putEntry(storedEntry(1));
  expect(await redrive({}, lambdaContext)).toStrictEqual({
    journalled: 1,
    expired: 0,
    unreadable: 0,
    remaining: false,
  });
  expect(journalled()).toStrictEqual([2, 1].map((name) => storedEntry(name).entry));
  expect(world.wakeUps.woken).toHaveLength(2);
  expect(await redrive({}, lambdaContext)).toMatchObject({ journalled: 0 });
});

it("closes the row of an entry that has expired, and stops before the time runs out", async () => {
  await invoke(streamRecord(1, { count: { N: "0" } }), streamRecord(2, { count: { N: "0" } }));
  await world.entries.putEntry({ ...storedEntry(1), recordedAt: "2025-11-23T00:00:00.000Z" });
  const redrive = createRedriveHandler({
    ...dependencies,
    retention: createInMemoryRetention(world.entries),
  });
  expect(
    await redrive(
      {},
      contextWith(() => 1_000),
    ),
  ).toMatchObject({
    remaining: true,
    expired: 0,
  });
  expect(await redrive({}, lambdaContext)).toMatchObject({ journalled: 0, expired: 2, remaining: false });
  expect(world.quarantine.rows.size).toBe(0);
});
