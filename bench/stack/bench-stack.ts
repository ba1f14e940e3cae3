import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ApiClient, createApiClient } from "../../cli/api-client.ts";
import { createdDestinationSchema } from "../../lambdas/core/api/destination-api.ts";
import { type Endpoints, readEndpoints } from "../../local/endpoints.ts";
import { type PracticeReceiver, startPracticeReceiver } from "../../local/receiver/practice-receiver.ts";
import { synthesise } from "../../local/synthesise.ts";
import { issueToken } from "../../local/token.ts";

const START = join(import.meta.dirname, "..", "..", "local", "start.ts");
const READY_MS = 30_000;
const SCOPES = "events:write events:read destinations:read destinations:write entitlements:write";

/**
 * A stack in its own process, so that emitter and receiver do not share its event loop, and a receiver in this process.
 */
export interface BenchStack {
  endpoints: Endpoints;
  receiver: PracticeReceiver;
  api: ApiClient;
  dir: string;
  stop(): Promise<void>;
}

export function benchFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "trailcast-bench-"));
}

/** Starts both in the given folder, or in a temporary one that is removed at the end. */
export async function startBenchStack(given?: string): Promise<BenchStack> {
  const dir = given ?? (await benchFolder());
  await synthesise();
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", START, "--no-demo", "--port", "0", "--data", dir],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const stack = await attachBenchStack(child, dir);
  return {
    ...stack,
    async stop() {
      await stack.stop();
      if (given === undefined) await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Attaches to a stack that `child` is starting in `dir`. A SIGINT to the child stops the stack. */
export async function attachBenchStack(child: ChildProcess, dir: string): Promise<BenchStack> {
  const receiver = await startPracticeReceiver({ dir });
  const endpoints = await readyEndpoints(dir, child);
  const token = await issueToken(dir, { workspaces: "*", scope: SCOPES });
  return {
    endpoints,
    receiver,
    dir,
    api: createApiClient(endpoints.apiUrl, token),
    async stop() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGINT");
      await ended;
      await receiver.stop();
    },
  };
}

async function readyEndpoints(dir: string, child: ChildProcess): Promise<Endpoints> {
  const deadline = performance.now() + READY_MS;
  while (performance.now() < deadline && child.exitCode === null) {
    const endpoints = readEndpoints(dir);
    if (endpoints !== undefined) return endpoints;
    await pause(50);
  }
  throw new Error("the stack did not start");
}

/** Creates a workspace with one destination at the receiver's `/<workspace>`. */
export async function addWorkspace({ api, receiver }: BenchStack, workspace: string): Promise<void> {
  const path = `/${workspace}`;
  await api.call("PUT", `/v1/workspaces/${workspace}/entitlement`, { plan: "enterprise" });
  const { body } = await api.call("POST", `/v1/workspaces/${workspace}/destinations`, {
    name: "Bench",
    url: receiver.url + path,
    eventTypes: ["pro.atmos.bench.*"],
  });
  receiver.setSecret(path, createdDestinationSchema.parse(body).secret);
}

/** Polls every few milliseconds and resolves once `holds` is true; throws after `timeoutMs`. */
export async function until(what: string, timeoutMs: number, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`${what}: timed out after ${timeoutMs / 1000} s`);
    await pause(2);
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
