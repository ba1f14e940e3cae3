import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { AwsCall } from "@trailcast/local-stack/aws";
import type { Caller } from "@trailcast/local-stack";
import { createFlowUser, type FlowStack, type FlowUser, startFlowStack } from "../helpers/flow-stack.ts";

/** The sweep of lanes that are behind runs every quarter of an hour, which is 3 s on this clock. */
const TIME_SCALE = 300;
/** More deliveries than one run makes, so that a run ends at its limit and its wake-up is lost. */
const DELIVERIES = 35;

let stack: FlowStack;
let user: FlowUser;
const dropped: string[] = [];

beforeAll(async () => {
  stack = await startFlowStack({ timeScale: TIME_SCALE, disturb: { call: dropWakeUps } });
  user = await createFlowUser({ ...stack, apiUrl: stack.runtime.apiUrl });
}, 120_000);
afterAll(() => stack?.stop());

/** Reports every wake-up except those of the sweep as sent, and drops it. */
async function dropWakeUps(
  caller: Caller,
  { action, input }: AwsCall,
  carryOut: () => Promise<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const { Entries } = input as { Entries: { Id: string; MessageBody: string }[] };
  if (action !== "SendMessageBatch" || caller.function.includes("Sweep")) return carryOut();
  dropped.push(caller.function);
  const Successful = Entries.map(({ Id, MessageBody }) => ({
    Id,
    MessageId: Id,
    MD5OfMessageBody: createHash("md5").update(MessageBody).digest("hex"),
  }));
  return { Successful, Failed: [] };
}

/** Ids of the posted events in the order in which they first arrived. */
function arrivals(path: string): string[] {
  const ids = stack.receiver.received
    .filter((request) => request.path === path)
    .flatMap(({ body }) => [JSON.parse(body)].flat() as { id: string; type: string }[])
    .filter(({ type }) => type.startsWith("pro.atmos.team_member."))
    .map(({ id }) => id);
  return [...new Set(ids)];
}

describe("the sweep, when every other wake-up is lost,", () => {
  it("delivers everything in order: lanes that are behind, due, or left by a run at its limit", async () => {
    const cases = [
      { workspace: "ws_quiet", path: "/quiet", format: "cloudevents-batch" },
      { workspace: "ws_refused", path: "/flaky?failures=3", format: "cloudevents-batch" },
      { workspace: "ws_long", path: "/long", format: "cloudevents-structured" },
    ] as const;
    const posted = new Map<string, string[]>();
    for (const { workspace, path, format } of cases) {
      await user.register(workspace);
      await user.createDestination(workspace, path, { format });
      posted.set(path, [
        ...(await user.post(workspace, DELIVERIES - 1)),
        ...(await user.post(workspace, 1, { from: DELIVERIES - 1 })),
      ]);
    }
    for (const [path, ids] of posted) {
      await vi.waitFor(() => expect(arrivals(path)).toEqual(ids), { timeout: 60_000, interval: 100 });
    }
    // Wake-ups of fan-out, management and deliver itself were all lost.
    for (const name of ["FanOut", "Management", "Delivery"]) {
      expect(dropped.some((caller) => caller.includes(name))).toBe(true);
    }
  }, 90_000);
});
