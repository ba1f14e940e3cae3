import { CreateTableCommand, type DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RowShapeError, toAttributes } from "../../lambdas/adapters/dynamo.ts";
import { createDueLanes, createLaneScan } from "../../lambdas/adapters/lane-search.ts";
import { createQuarantineCount } from "../../lambdas/adapters/quarantine-count.ts";
import { createQuarantineStore } from "../../lambdas/adapters/quarantine-store.ts";
import { createLaneStore } from "../../lambdas/adapters/lane-store.ts";
import type { Workspace } from "../../lambdas/core/workspace/entitlement.ts";
import type { LaneRow } from "../../lambdas/core/lane/row-schema.ts";
import { METRIC } from "../../lambdas/core/base/metric-names.ts";
import { createSweepHandler } from "../../lambdas/sweep-lanes.ts";
import { lambdaContext } from "../helpers/http-events.ts";
import { answered, DST, LaneWorld, LIVE, WS } from "../helpers/in-memory-lanes.ts";
import {
  createInMemoryWakeUps,
  type InMemoryWakeUps,
  laneAtStart,
  takeTurns,
  workspaceRow,
} from "../helpers/in-memory-stores.ts";
import { type LocalDynamo, startLocalDynamo } from "../helpers/local-dynamo.ts";
import { PLANS } from "../helpers/sample-events.ts";

const TABLE = "Lanes";
let dynamo: LocalDynamo;
let client: DynamoDBClient;
let world: LaneWorld;
let wakeUps: InMemoryWakeUps;

beforeAll(async () => {
  dynamo = await startLocalDynamo(() => Date.now());
  ({ client } = dynamo);
});
afterAll(() => dynamo.close());

let table = 0;
beforeEach(async () => {
  table++;
  await client.send(
    new CreateTableCommand({
      TableName: TABLE + table,
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [
        { AttributeName: "workspace", KeyType: "HASH" },
        { AttributeName: "item", KeyType: "RANGE" },
      ],
      AttributeDefinitions: ["workspace", "item", "dueShard", "nextAttemptAt"].map((AttributeName) => ({
        AttributeName,
        AttributeType: "S" as const,
      })),
      GlobalSecondaryIndexes: [
        {
          IndexName: "due",
          KeySchema: [
            { AttributeName: "dueShard", KeyType: "HASH" },
            { AttributeName: "nextAttemptAt", KeyType: "RANGE" },
          ],
          Projection: { ProjectionType: "KEYS_ONLY" },
        },
      ],
    }),
  );
  world = new LaneWorld();
  wakeUps = createInMemoryWakeUps();
});

const put = (row: object) =>
  client.send(new PutItemCommand({ TableName: TABLE + table, Item: toAttributes(row) }));
const lane = (name: string, changes: Partial<LaneRow> = {}): LaneRow => laneAtStart(WS, name, changes);
const after = (ms: number): string => new Date(world.now + ms).toISOString();
const sweep = (scope: string) =>
  createSweepHandler({
    due: createDueLanes(client, TABLE + table),
    scan: createLaneScan(client, TABLE + table),
    journal: world.journal,
    quarantine: createQuarantineCount(client, "Quarantine"),
    workspaces: world.workspaces,
    plans: PLANS,
    wakeUps,
    clock: () => world.now,
    log: world.log,
    metrics: world.metrics,
  })({ scope }, lambdaContext);
const woken = (): string[] => wakeUps.woken.map(({ destination }) => destination).toSorted();

describe("the sweep of due lanes", () => {
  it("wakes only lanes whose next attempt is due", async () => {
    await put(lane("dst_1", { dueShard: "due", nextAttemptAt: after(-1000) }));
    await put(lane("dst_2", { dueShard: "due", nextAttemptAt: after(0) }));
    await put(lane("dst_3", { dueShard: "due", nextAttemptAt: after(1000) }));
    await put(lane("dst_4", { nextAttemptAt: after(-1000) }));
    await sweep("due");
    expect(woken()).toEqual(["dst_1", "dst_2"]);
  });

  it("wakes a lane of a workspace without forwarding too, because deliver removes it from the index", async () => {
    await put(lane("dst_1", { dueShard: "due", nextAttemptAt: after(-1000) }));
    world.setWorkspace({ plan: "free" });
    await sweep("due");
    expect(woken()).toEqual(["dst_1"]);
  });
});

describe("the sweep of lanes that are behind", () => {
  it("reports a lag of zero if there is no lane", async () => {
    await sweep("behind");
    expect(world.metrics.counts.get(METRIC.oldestUndeliveredSeconds)).toBe(0);
  });

  it("wakes live lanes with undelivered events or a pending batch, whatever happened to their wake-ups", async () => {
    await world.record(["a"]);
    world.now += 90_000;
    await world.record(["b"]);
    const frozen = {
      id: "whd_1",
      number: 1,
      frozenAt: "",
      format: "cloudevents-batch" as const,
      contentVersion: 1,
      end: { page: 3, index: 0 },
      count: 1,
      check: "",
    };
    const end = { page: 3, index: 0 };
    await put({ workspace: WS, item: "workspace" });
    await put(lane("dst_1", { cursor: { page: 2, index: 0 } }));
    await put(lane("dst_2", { cursor: end }));
    await put(lane("dst_3", { cursor: end, frozen }));
    await put(lane("dst_4", { status: "suspended" }));
    await put(lane("dst_5", { status: "disabled" }));
    await put(lane("dst_6", { slowAnswers: 2 }));
    await put(lane("dst_7", { dueShard: "due", nextAttemptAt: after(60_000) }));
    await put(lane("dst_8", { dueShard: "due", nextAttemptAt: after(-60_000) }));
    await put(laneAtStart("ws_empty", "dst_9"));
    await sweep("behind");
    expect(woken()).toEqual(["dst_1", "dst_3", "dst_6", "dst_8"]);
    expect(wakeUps.woken.find(({ destination }) => destination === "dst_6")).toMatchObject({ slow: true });
    expect(world.metrics.counts.get(METRIC.oldestUndeliveredSeconds)).toBe(90);
  });

  it("wakes failing lanes and replays, but does not count their events as lag", async () => {
    await world.record(["a"]);
    const behind: Partial<LaneRow> = { cursor: { page: 1, index: 0 } };
    await put(lane("dst_1", { ...behind, consecutiveFailures: 1, dueShard: "due", nextAttemptAt: after(0) }));
    const replay = { lane: "rpl_1", item: "lane#dst_2#rpl_1", until: { page: 2, index: 0 } };
    await put(lane("dst_2", { ...behind, ...replay }));
    world.now += 90_000;
    await sweep("behind");
    expect(woken()).toEqual(["dst_1", "dst_2"]);
    expect(world.metrics.counts.get(METRIC.oldestUndeliveredSeconds)).toBe(0);
  });

  it.each<[string, Partial<Workspace>]>([
    ["lost its forwarding", { plan: "free" }],
    ["has ended", { endedAt: "2026-11-23T11:00:00.000Z" }],
    ["is on a plan that no longer exists", { plan: "gone" }],
  ])("leaves out a workspace that %s, and reports the lag of the others", async (_what, changes) => {
    await world.record(["a"]);
    world.now += 90_000;
    await world.record(["b"]);
    const [first] = world.journal.pagesOf(WS);
    if (first === undefined) throw new Error("no page");
    world.journal.put({ ...first, workspace: "ws_2" });
    world.workspaces.workspaces.set("ws_2", workspaceRow("ws_2", changes));
    await put(lane("dst_1", { cursor: { page: 2, index: 0 } }));
    await put(laneAtStart("ws_2", "dst_2"));
    world.now += 10_000;
    await sweep("behind");
    expect(woken()).toEqual(["dst_1"]);
    expect(world.metrics.counts.get(METRIC.oldestUndeliveredSeconds)).toBe(10);
  });

  it("reads a workspace's row and newest page once, however many lanes it has", async () => {
    await world.record(["a"]);
    for (let index = 0; index < 5; index++) await put(lane(`dst_${index}`));
    const reads: string[] = [];
    const noted = async (call: string): Promise<void> => void reads.push(call);
    world.journal.newestPage = takeTurns(world.journal, noted).newestPage;
    const { readWorkspace } = takeTurns({ ...world.workspaces }, noted);
    world.workspaces.readWorkspace = readWorkspace;
    await sweep("behind");
    expect(woken()).toHaveLength(5);
    expect(reads.filter((call) => !call.endsWith("done"))).toEqual(["newestPage", "readWorkspace"]);
  });

  it("reports how many records are in quarantine, including none", async () => {
    const quarantine = createQuarantineStore(client, "Quarantine");
    const row = { label: "l", partition: WS, entry: "ent_1", reason: "record" as const, at: "" };
    const counted: (number | undefined)[] = [];
    const count = async (): Promise<void> => {
      world.metrics.counts.clear();
      await sweep("behind");
      counted.push(world.metrics.counts.get(METRIC.recordsInQuarantine));
    };
    await count();
    const rows = ["1", "2", "3"].map((sequenceNumber) => ({ ...row, sequenceNumber }));
    await Promise.all(rows.map((one) => quarantine.putRow(one)));
    await count();
    expect(await createQuarantineCount(client, "Quarantine").countRows(2)).toBe(2);
    await Promise.all(rows.map((one) => quarantine.closeRow(one)));
    await count();
    expect(counted).toEqual([0, 3, 0]);
  });

  it("is enough to deliver everything if all wake-ups of others are lost", async () => {
    const lanes = createLaneStore(client, TABLE + table);
    world.lanes.replaceLane = (next) => lanes.replaceLane(next);
    world.lanes.readLane = (wakeUp) => lanes.readLane(wakeUp);
    await put(laneAtStart(WS, DST));
    for (let page = 0; page < 3; page++) await world.record(["a"]);
    world.answer = () => answered(world.received.length < 3 ? 500 : 200);
    for (let sweeps = 0; sweeps < 10; sweeps++) {
      wakeUps.woken.length = 0;
      await sweep("due");
      await sweep("behind");
      const [wakeUp] = wakeUps.woken;
      if (wakeUp !== undefined) await world.run({ wakeUp, receives: 4 });
      world.now += 15 * 60_000;
    }
    expect(new Set(world.received.flatMap(({ events }) => events)).size).toBe(3);
    expect(await lanes.readLane(LIVE)).toMatchObject({ number: 2, cursor: { page: 4, index: 0 } });
  });
});

describe("a sweep in which something fails", () => {
  const swept = ["ws_2", "ws_3", "ws_4"].map((workspace) => laneAtStart(workspace, `dst_${workspace}`));
  const unswept = (): object[] =>
    world.log.lines.filter(({ message }) => message === "lane.unswept").map(({ fields }) => fields);

  beforeEach(async () => {
    await world.record(["a"]);
    const [page] = world.journal.pagesOf(WS);
    if (page === undefined) throw new Error("no page");
    for (const row of swept) {
      const { workspace } = row;
      world.journal.put({ ...page, workspace });
      world.workspaces.workspaces.set(workspace, workspaceRow(workspace));
      await put(row);
    }
    world.now += 60_000;
  });

  it("wakes the other lanes and reports the lag despite an unreadable lane, workspace or journal, and then fails", async () => {
    await put({ ...lane("dst_bad"), cursor: "strange" });
    await put({ workspace: "ws_0", item: "lane#odd", status: "live" });
    const { newestPage } = world.journal;
    const { readWorkspace } = world.workspaces;
    world.journal.newestPage = async (workspace) => {
      if (workspace === "ws_2") throw new RowShapeError("Journal");
      return newestPage(workspace);
    };
    world.workspaces.readWorkspace = async (workspace) => {
      if (workspace === "ws_3") throw new RowShapeError("Registry");
      return readWorkspace(workspace);
    };
    await expect(sweep("behind")).rejects.toThrow("had 4 faults");
    expect(woken()).toEqual(["dst_ws_4"]);
    expect(world.metrics.counts.get(METRIC.oldestUndeliveredSeconds)).toBe(60);
    expect(unswept()).toHaveLength(4);
    expect(unswept()).toEqual(
      expect.arrayContaining([
        { workspace: WS, destination: "dst_bad", lane: "live" },
        { workspace: "ws_0" },
        { workspace: "ws_2", destination: "dst_ws_2", lane: "live" },
        { workspace: "ws_3", destination: "dst_ws_3", lane: "live" },
      ]),
    );
  });

  it("reports the lag even if wake-ups are refused, and then fails", async () => {
    wakeUps.send = () => Promise.reject(new Error("throttled"));
    await expect(sweep("behind")).rejects.toThrow("had 1 faults");
    expect(world.metrics.counts.get(METRIC.oldestUndeliveredSeconds)).toBe(60);
  });
});

it("a sweep with any other scope is refused", async () => {
  await expect(sweep("all")).rejects.toThrow("scope");
});
