import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { watchQueues } from "../../bench/stack/queue-depth.ts";
import type { Disturbance } from "../../packages/local-stack/src/runtime/disturbance.ts";
import { createFlowUser, type FlowStack, type FlowUser, startFlowStack } from "../helpers/flow-stack.ts";

const WORKSPACE = "ws_slow";
/** A little more than the 3 s from which an answer counts as slow. */
const SLOW = "/slow?ms=3100";
const QUICK = "/quick";

/** Which queue's rings were answered since it was last emptied. */
const answered: ("quick" | "slow")[] = [];
const watchWakeUps: Required<Disturbance>["invocation"] = ({ mapping, source }, invoke) => {
  if (source === "queue") answered.push(mapping.includes("SlowWakeUps") ? "slow" : "quick");
  return invoke();
};

let stack: FlowStack;
let user: FlowUser;
let destination: string;

beforeAll(async () => {
  stack = await startFlowStack({ disturb: { invocation: watchWakeUps } });
  const { receiver, runtime, dir } = stack;
  user = await createFlowUser({ apiUrl: runtime.apiUrl, dir, receiver });
  await user.register(WORKSPACE);
  const eventTypes = ["pro.atmos.team_member.*"];
  const id = await user.createDestination(WORKSPACE, SLOW, { eventTypes });
  destination = `/v1/workspaces/${WORKSPACE}/destinations/${id}`;
});
afterAll(async () => stack.stop());

/** Posts an event, and waits for its answer and the end of all work; answers which queue's rings were answered for it. */
async function wakeUpsFor(path: string): Promise<Set<string>> {
  answered.length = 0;
  const before = stack.receiver.received.filter((request) => request.path === path).length;
  await user.post(WORKSPACE, 1);
  await vi.waitFor(() => {
    expect(stack.receiver.received.filter((request) => request.path === path)).toHaveLength(before + 1);
  });
  await stack.runtime.waitIdle(20_000);
  return new Set(answered);
}

describe("a lane whose receiver answers slowly", () => {
  it("has its rings in the slow queue after two slow answers", { timeout: 60_000 }, async () => {
    const queues = watchQueues(stack.runtime.awsEndpointUrl);
    expect(await wakeUpsFor(SLOW)).toEqual(new Set(["quick"]));
    await wakeUpsFor(SLOW);
    expect(await wakeUpsFor(SLOW)).toEqual(new Set(["slow"]));
    const { samples, most, mostSlow } = await queues.stop();
    expect(samples).toBeGreaterThan(0);
    expect(most).toBeGreaterThan(0);
    // Of one lane: the ring under way, and few that wait for its end.
    expect(mostSlow).toBeGreaterThan(0);
    expect(mostSlow).toBeLessThan(5);
  });

  it("has them in the other queue again after one quick answer", { timeout: 60_000 }, async () => {
    await user.api.call("PATCH", destination, { url: stack.receiver.url + QUICK }, { "if-match": "*" });
    expect(await wakeUpsFor(QUICK)).toContain("slow");
    expect(await wakeUpsFor(QUICK)).toEqual(new Set(["quick"]));
  });
});
