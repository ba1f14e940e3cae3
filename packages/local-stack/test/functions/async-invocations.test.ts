import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AsyncInvocations, type AsyncPolicy } from "../../src/functions/async-invocations.ts";
import type { InvocationResult } from "../../src/functions/function-pool.ts";
import { openState } from "../../src/runtime/state.ts";
import { temporaryFolder } from "../fixtures/fixture-stack.ts";

const START = Date.parse("2026-11-23T05:00:00Z");
const DONE: InvocationResult = { kind: "done", result: "null" };
const FAILED: InvocationResult = { kind: "failed", errorType: "Error", errorMessage: "x", trace: [] };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let state: ReturnType<typeof openState>;

beforeEach(async () => {
  folder = await temporaryFolder();
  state = openState(folder.path);
  vi.useFakeTimers({ now: START });
});

afterEach(async () => {
  vi.useRealTimers();
  state.close();
  await folder.remove();
});

function start(
  answer: (call: number) => InvocationResult | Promise<InvocationResult>,
  policy: Partial<AsyncPolicy> = {},
) {
  const calls: { event: string; at: number }[] = [];
  const invocations = new AsyncInvocations({
    state,
    clock: {
      now: () => Date.now(),
      scale: 1,
      anchor: { realStart: 0, virtualStart: 0, scale: 1 },
      realDelay: (ms) => ms,
      stop: () => undefined,
    },
    policyOf: () => ({ maxRetries: 2, maxAgeMs: 6 * 3_600_000, ...policy }),
    invoke: async (_, event) => {
      calls.push({ event, at: (Date.now() - START) / 1000 });
      return answer(calls.length);
    },
  });
  return { invocations, calls };
}

describe("events of asynchronous invocations", () => {
  it("are handled once if that succeeds", async () => {
    const { invocations, calls } = start(() => DONE);
    invocations.send("f", '"a"', "Schedule");
    expect(invocations.isPending("Schedule")).toBe(true);
    await vi.advanceTimersByTimeAsync(10);
    expect(invocations.isPending("Schedule")).toBe(false);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(calls).toEqual([{ event: '"a"', at: 0 }]);
    await invocations.stop();
  });

  it("are retried after one minute and after two more, then discarded", async () => {
    const given: string[] = [];
    const { invocations, calls } = start(() => FAILED, {
      giveUp: (event, condition) => given.push(`${event} ${condition}`),
    });
    invocations.send("f", "1", "Invoke");
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(calls.map(({ at }) => Math.round(at))).toEqual([0, 60, 180]);
    expect(given).toEqual(["1 RetriesExhausted"]);
    await invocations.stop();
  });

  it("are discarded when they are too old", async () => {
    const given: string[] = [];
    const { invocations, calls } = start(() => FAILED, {
      maxAgeMs: 90_000,
      giveUp: (_, condition) => given.push(condition),
    });
    invocations.send("f", "1", "Invoke");
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(calls).toHaveLength(2);
    expect(given).toEqual(["EventAgeExceeded"]);
    await invocations.stop();
  });

  it("are handled again after a restart if they were not finished", async () => {
    const first = start(() => new Promise(() => undefined));
    first.invocations.send("f", "1", "Invoke");
    await vi.advanceTimersByTimeAsync(10);
    expect(first.calls).toHaveLength(1);
    const second = start(() => DONE);
    await vi.advanceTimersByTimeAsync(10);
    expect(second.calls.map(({ event }) => event)).toEqual(["1"]);
    await second.invocations.stop();
  });
});
