import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { watchQueues } from "../../bench/stack/queue-depth.ts";
import type { Disturbance } from "@trailcast/local-stack";
import { createFlowUser, type FlowStack, type FlowUser, startFlowStack } from "../helpers/flow-stack.ts";

const WORKSPACE = "ws_slow";
/** A little more than 3 s, from which a response counts as slow. */
const SLOW = "/slow?ms=3100";
const QUICK = "/quick";

/** The queues whose wake-ups were processed since this was last emptied. */
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

/**
 * Posts an event, waits for its response and until the queues are empty, and returns the queues whose wake-ups were
 * processed for it.
 */
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

describe("a lane with a slow receiver", () => {
  it("uses the slow queue after two slow responses", { timeout: 60_000 }, async () => {
    const queues = watchQueues(stack.runtime.awsEndpointUrl);
    expect(await wakeUpsFor(SLOW)).toEqual(new Set(["quick"]));
    await wakeUpsFor(SLOW);
    expect(await wakeUpsFor(SLOW)).toEqual(new Set(["slow"]));
    const { samples, most, mostSlow } = await queues.stop();
    expect(samples).toBeGreaterThan(0);
    expect(most).toBeGreaterThan(0);
    // Messages of one lane: the wake-up of the current run, and a few that wait for its end.
    expect(mostSlow).toBeGreaterThan(0);
    expect(mostSlow).toBeLessThan(5);
  });

  it("uses the quick queue again after one quick response", { timeout: 60_000 }, async () => {
    await user.api.call("PATCH", destination, { url: stack.receiver.url + QUICK }, { "if-match": "*" });
    expect(await wakeUpsFor(QUICK)).toContain("slow");
    expect(await wakeUpsFor(QUICK)).toEqual(new Set(["quick"]));
  });
});
