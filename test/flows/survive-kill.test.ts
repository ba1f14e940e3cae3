import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiRefusedError } from "../../cli/api-client.ts";
import { type PracticeReceiver, startPracticeReceiver } from "../../local/receiver/practice-receiver.ts";
import { synthesise } from "../../local/synthesise.ts";
import { arrivedAt, createFlowUser, waitForArrivals } from "../helpers/flow-stack.ts";
import { type StartedProcess, startProcess } from "../helpers/start-process.ts";

const WORKSPACES = ["ws_one", "ws_two"] as const;
const POSTS = 40;
const EVENTS_A_POST = 25;
const KILL_AFTER_POSTS = new Set([10, 20, 30]);

let dir: string;
let receiver: PracticeReceiver;
let stack: StartedProcess | undefined;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "trailcast-kill-"));
  await synthesise();
  receiver = await startPracticeReceiver({ dir });
}, 120_000);
afterAll(async () => {
  stack?.child.kill("SIGKILL");
  await receiver?.stop();
  await rm(dir, { recursive: true, force: true });
});

describe("killing a running stack three times with kill -9", () => {
  it("loses no event that was answered 202, and keeps the order", { timeout: 120_000 }, async () => {
    stack = await startProcess(dir, ["--no-demo"]);
    let user = await createFlowUser({ apiUrl: stack.endpoints.apiUrl, dir, receiver });
    for (const workspace of WORKSPACES) {
      await user.register(workspace);
      await user.createDestination(workspace, `/${workspace}`);
    }
    const accepted = new Map<string, string[]>(WORKSPACES.map((workspace) => [workspace, []]));
    const refused: unknown[] = [];
    for (let post = 0; post < POSTS; post++) {
      if (KILL_AFTER_POSTS.has(post)) {
        const { child } = stack;
        // Kills the stack while requests are under way and batches are being delivered.
        const cutOff = Promise.allSettled(
          WORKSPACES.map((workspace) => user.post(workspace, 1, { key: `cut-${post}` })),
        );
        child.kill("SIGKILL");
        refused.push(...(await cutOff).filter(wasRefused));
        stack = await startProcess(dir, ["--no-demo"]);
        user = await createFlowUser({ apiUrl: stack.endpoints.apiUrl, dir, receiver });
        for (const workspace of WORKSPACES) {
          accepted.get(workspace)!.push(...(await user.post(workspace, 1, { key: `cut-${post}` })));
        }
      }
      for (const workspace of WORKSPACES) {
        const key = `post-${post}`;
        accepted.get(workspace)!.push(...(await user.post(workspace, EVENTS_A_POST, { key })));
      }
    }
    expect(refused).toEqual([]);
    for (const workspace of WORKSPACES) {
      const ids = accepted.get(workspace)!;
      await waitForArrivals(receiver, `/${workspace}`, ids.length, 60_000);
      expect(withoutRepeats(arrivedAt(receiver, `/${workspace}`).ids)).toEqual(ids);
      expect(new Set(repeatedDeliveries(`/${workspace}`))).toEqual(new Set());
    }
    expect(await verifyJournal()).toMatch(/The journals of 2 workspaces .* are complete/);
    expect(await stack.end("SIGINT")).toMatchObject({ code: 0 });
  });
});

/** A request under way is either answered or cut off. */
function wasRefused(request: PromiseSettledResult<unknown>): boolean {
  return request.status === "rejected" && request.reason instanceof ApiRefusedError;
}

/** A delivery whose response was lost is sent again unchanged. */
function withoutRepeats(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}

/** Deliveries that arrived more than once with different bodies; must be empty. */
function repeatedDeliveries(path: string): string[] {
  const bodies = new Map<string, string>();
  return receiver.received
    .filter((request) => request.path === path)
    .flatMap(({ headers, body }) => {
      const id = headers["webhook-id"] ?? "";
      const before = bodies.get(id);
      bodies.set(id, body);
      return before === undefined || before === body ? [] : [id];
    });
}

async function verifyJournal(): Promise<string> {
  const cli = join(import.meta.dirname, "..", "..", "cli", "trailcast.js");
  const { stdout } = await promisify(execFile)(process.execPath, [cli, "verify", "--journal", "--data", dir]);
  return stdout;
}
