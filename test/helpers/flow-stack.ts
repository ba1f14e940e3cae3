import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { vi } from "vitest";
import { type ApiClient, createApiClient } from "../../cli/api-client.ts";
import { type PracticeReceiver, startPracticeReceiver } from "../../local/receiver/practice-receiver.ts";
import type { FunctionLogLine, RuntimeProblem } from "@trailcast/local-stack";
import {
  type LocalTrailcast,
  type LocalTrailcastOptions,
  startLocalTrailcast,
} from "../../local/local-trailcast.ts";
import { synthesise } from "../../local/synthesise.ts";
import { issueToken } from "../../local/token.ts";
import { postedEvent } from "./sample-events.ts";

export const ALL_SCOPES = "events:write events:read destinations:read destinations:write entitlements:write";

export interface FlowStack {
  dir: string;
  runtime: LocalTrailcast;
  receiver: PracticeReceiver;
  /** The log output of all functions. */
  logs: FunctionLogLine[];
  problems: RuntimeProblem[];
  /** For AWS calls as an operator. */
  dynamo: DynamoDBClient;
  stop(): Promise<void>;
}

/** The synthesised stack in its own folder, and a receiver with a certificate of that folder's authority. */
export async function startFlowStack(
  options: Pick<LocalTrailcastOptions, "timeScale" | "disturb"> = {},
): Promise<FlowStack> {
  const dir = await mkdtemp(join(tmpdir(), "trailcast-flow-"));
  const synthesis = await synthesise();
  const logs: FunctionLogLine[] = [];
  const problems: RuntimeProblem[] = [];
  const runtime = await startLocalTrailcast({
    ...synthesis,
    dir,
    ...options,
    onLog: (line) => logs.push(line),
    onProblem: (problem) => problems.push(problem),
  });
  const receiver = await startPracticeReceiver({ dir, clock: runtime.clock.now });
  const dynamo = operatorDynamo(runtime.awsEndpointUrl);
  return {
    dir,
    runtime,
    receiver,
    logs,
    problems,
    dynamo,
    stop: async () => {
      dynamo.destroy();
      await runtime.stop();
      await receiver.stop();
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export function operatorDynamo(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "LOCALADMIN", secretAccessKey: "any" },
  });
}

/** The actions of a test on a stack, through the real HTTP API and with a real receiver. */
export interface FlowUser {
  api: ApiClient;
  /** Registers a workspace. */
  register(workspace: string, plan?: string): Promise<void>;
  /** Creates a destination at the receiver, which then knows its secret. Returns its id. */
  createDestination(workspace: string, path: string, more?: object): Promise<string>;
  /** Posts `count` events and returns their ids. Each event has its number in `target.id`. */
  post(workspace: string, count: number, options?: { key?: string; from?: number }): Promise<string[]>;
}

export async function createFlowUser(where: {
  apiUrl: string;
  dir: string;
  receiver: PracticeReceiver;
}): Promise<FlowUser> {
  const { apiUrl, dir, receiver } = where;
  const api = createApiClient(apiUrl, await issueToken(dir, { workspaces: "*", scope: ALL_SCOPES }));
  return {
    api,
    register: async (workspace, plan = "enterprise") =>
      void (await api.call("PUT", `/v1/workspaces/${workspace}/entitlement`, { plan })),
    async createDestination(workspace, path, more = {}) {
      const { body } = await api.call("POST", `/v1/workspaces/${workspace}/destinations`, {
        name: path,
        url: receiver.url + path,
        ...more,
      });
      const created = body as { id: string; secret: string };
      receiver.setSecret(path, created.secret);
      return created.id;
    },
    async post(workspace, count, { key, from = 0 } = {}) {
      const events = Array.from({ length: count }, (_, index) =>
        postedEvent({ target: { type: "item", id: `n${from + index}` } }),
      );
      const { body } = await api.call(
        "POST",
        `/v1/workspaces/${workspace}/events`,
        { events },
        key === undefined ? {} : { "idempotency-key": key },
      );
      return (body as { events: { id: string }[] }).events.map(({ id }) => id);
    },
  };
}

/**
 * The events that arrived at `path`, in order, from verified requests. Trailcast's own events (`webhook.*`) are
 * omitted.
 */
export function arrivedAt(receiver: PracticeReceiver, path: string): { ids: string[]; targets: string[] } {
  const events = receiver.received
    .filter((request) => request.path === path)
    .flatMap((request) => {
      const verdict = receiver.judge(request);
      if (verdict.kind !== "verified") throw new Error(`${path}: ${JSON.stringify(verdict)}`);
      return verdict.events;
    })
    .filter(({ type }) => type.startsWith("pro.atmos.team_member."));
  return { ids: events.map(({ id }) => id), targets: events.map(({ subject }) => subject ?? "") };
}

/** Waits until at least `count` different events of a test arrived at `path`. */
export async function waitForArrivals(
  receiver: PracticeReceiver,
  path: string,
  count: number,
  timeout = 20_000,
): Promise<{ ids: string[]; targets: string[] }> {
  return vi.waitFor(
    () => {
      const arrived = arrivedAt(receiver, path);
      const different = new Set(arrived.ids).size;
      if (different < count) throw new Error(`${different} of ${count} arrived at ${path}`);
      return arrived;
    },
    { timeout, interval: 50 },
  );
}
