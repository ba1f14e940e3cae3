import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
} from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createApiClient } from "../../cli/api-client.ts";
import { DAY_MS } from "../../lambdas/core/workspace/retention.ts";
import { writeEndpoints } from "../../local/endpoints.ts";
import type { FunctionLogLine } from "@trailcast/local-stack";
import { type LocalTrailcast, startLocalTrailcast } from "../../local/local-trailcast.ts";
import { synthesise } from "../../local/synthesise.ts";
import { ALL_SCOPES, operatorDynamo } from "../helpers/flow-stack.ts";
import { postedEvent } from "../helpers/sample-events.ts";

const LAUNCHER = join(import.meta.dirname, "..", "..", "cli", "trailcast.js");
const WAIT = { timeout: 20_000, interval: 50 };
const dir = mkdtempSync(join(tmpdir(), "trailcast-purge-"));
const logs: FunctionLogLine[] = [];

let runtime: LocalTrailcast;
let dynamo: DynamoDBClient;
let api: ReturnType<typeof createApiClient>;

async function start(): Promise<void> {
  runtime = await startLocalTrailcast({
    ...(await synthesise()),
    dir,
    editTemplate: withoutDailyPlan,
    onLog: (line) => logs.push(line),
  });
  const { apiUrl, consoleUrl, awsEndpointUrl, outputs } = runtime;
  const endpoints = { apiUrl, consoleUrl, awsEndpointUrl, receiverUrl: apiUrl, pid: process.pid };
  writeEndpoints(dir, endpoints, { Trailcast: { ...outputs } });
  dynamo = operatorDynamo(awsEndpointUrl);
  api = createApiClient(apiUrl, await runtime.token({ workspaces: "*", scope: ALL_SCOPES }));
}

async function stop(): Promise<void> {
  dynamo.destroy();
  await runtime.stop();
}

/** Only the test runs the daily plan, although a stack that was down would make up for a missed one at its start. */
function withoutDailyPlan(template: any): any {
  for (const [id, { Type }] of Object.entries<{ Type: string }>(template.Resources)) {
    if (Type === "AWS::Scheduler::Schedule" && id.includes("Retention")) delete template.Resources[id];
  }
  return template;
}

/** The clock of a folder continues where its last run stopped. */
function moveClockDays(days: number): void {
  const file = join(dir, "clock.json");
  const state = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...state, seen: state.seen + days * DAY_MS }));
}

async function rowsOf(table: string, workspace: string): Promise<Record<string, any>[]> {
  const { Items = [] } = await dynamo.send(
    new QueryCommand({
      TableName: runtime.outputs[`${table}Table`],
      KeyConditionExpression: "#workspace = :workspace",
      ExpressionAttributeNames: { "#workspace": "workspace" },
      ExpressionAttributeValues: marshall({ ":workspace": workspace }),
      ConsistentRead: true,
    }),
  );
  return Items.map((item) => unmarshall(item));
}

const receiptsOf = (workspace: string) => rowsOf("Receipts", workspace);

async function post(workspace: string, target: string): Promise<void> {
  const events = [postedEvent({ target: { type: "item", id: target } })];
  await api.call("POST", `/v1/workspaces/${workspace}/events`, { events });
  await vi.waitFor(async () => expect((await listed(workspace))[0]?.subject).toBe(target), WAIT);
}

async function listed(workspace: string): Promise<{ type: string; subject?: string; data: any }[]> {
  const { body } = await api.call("GET", `/v1/workspaces/${workspace}/events`);
  return (body as { items: { type: string; subject?: string; data: any }[] }).items;
}

const plan = async (): Promise<unknown> => {
  const [id = ""] = runtime.find("AWS::Lambda::Function", "TrailcastRetentionPlan");
  return runtime.invoke(id, {});
};

async function verify(...args: string[]): Promise<{ code: number; stdout: string }> {
  const all = [LAUNCHER, "verify", "--journal", ...args, "--data", dir];
  return promisify(execFile)(process.execPath, all).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => error,
  );
}

const purgeRow = { workspace: "ws_broken", item: "purge" };

beforeAll(async () => {
  await start();
  for (const workspace of ["ws_broken", "ws_whole"]) {
    await api.call("PUT", `/v1/workspaces/${workspace}/entitlement`, { plan: "free", retentionDays: 1 });
    for (const target of ["old-1", "old-2"]) await post(workspace, target);
  }
  await stop();
  moveClockDays(3);
  await start();
  for (const workspace of ["ws_broken", "ws_whole"]) await post(workspace, "new");
}, 120_000);
afterAll(async () => {
  await stop();
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

describe("the daily purge of a running stack", () => {
  it("hides expired events before it removes anything", async () => {
    expect((await listed("ws_whole")).map(({ subject }) => subject)).toEqual(["new"]);
    expect(await verify()).toMatchObject({ code: 0 });
  });

  it("removes them with a receipt that is an audit event, although the purge of another workspace fails", async () => {
    const TableName = runtime.outputs["RegistryTable"];
    await dynamo.send(
      new PutItemCommand({ TableName, Item: marshall({ ...purgeRow, version: "not a number" }) }),
    );
    const before = (await rowsOf("Journal", "ws_whole")).length;
    await plan();
    await vi.waitFor(async () => {
      expect(await receiptsOf("ws_whole")).toMatchObject([{ state: "closed", fromPage: 1 }]);
      expect(logs.some(({ line }) => line.includes("purge.failed") && line.includes("ws_broken"))).toBe(true);
    }, WAIT);
    const [receipt] = await receiptsOf("ws_whole");
    expect(receipt).toMatchObject({ toPage: before - 1, reason: "retention", hashBefore: "" });
    const [purged] = await vi.waitFor(async () => {
      const found = (await listed("ws_whole")).filter(({ type }) => type.endsWith("retention.purged"));
      expect(found).toHaveLength(1);
      return found;
    }, WAIT);
    expect(purged).toMatchObject({ subject: receipt?.["receipt"] });
    expect((await rowsOf("Journal", "ws_whole")).at(0)?.["page"]).toBe(before);
    expect(await verify("--workspace", "ws_whole")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("1 purge receipt, 0 findings"),
    });
    expect(await receiptsOf("ws_broken")).toEqual([]);
  });

  it("confirms a new hold without waiting for the daily plan", async () => {
    const path = "/v1/workspaces/ws_whole/entitlement";
    await api.call("PUT", path, { plan: "free", retentionDays: 1, hold: true });
    await vi.waitFor(
      async () => expect((await api.call("GET", path)).body).toMatchObject({ hold: "held" }),
      WAIT,
    );
  });

  it("makes up for a failure with the next plan", async () => {
    const TableName = runtime.outputs["RegistryTable"];
    await dynamo.send(new DeleteItemCommand({ TableName, Key: marshall(purgeRow) }));
    await plan();
    await vi.waitFor(
      async () => expect(await receiptsOf("ws_broken")).toMatchObject([{ state: "closed" }]),
      WAIT,
    );
    expect(await verify()).toMatchObject({ code: 0, stdout: expect.stringContaining("are complete") });
  });
});
