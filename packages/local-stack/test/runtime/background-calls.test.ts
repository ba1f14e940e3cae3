import { describe, expect, it } from "vitest";
import { createBackgroundCalls } from "../../src/runtime/background-calls.ts";

function createCalls() {
  let now = 1000;
  const pauses: number[] = [];
  const calls = createBackgroundCalls(
    () => now,
    async (milliseconds) => void pauses.push(milliseconds),
  );
  return { calls, pauses, wait: (milliseconds: number) => (now += milliseconds) };
}

describe("background calls", () => {
  it("are carried out at once if there are no other calls", async () => {
    const { calls, pauses, wait } = createCalls();
    await calls.turn();
    calls.served();
    wait(100);
    await calls.turn();
    expect(pauses).toEqual([]);
  });

  it("leave time for other calls between each two of them", async () => {
    const { calls, pauses } = createCalls();
    calls.served();
    await Promise.all([calls.turn(), calls.turn(), calls.turn()]);
    expect(pauses).toEqual([4, 4, 4]);
  });

  it("are carried out in the order in which they arrived", async () => {
    const { calls } = createCalls();
    calls.served();
    const order: number[] = [];
    await Promise.all([1, 2, 3].map((one) => calls.turn().then(() => order.push(one))));
    expect(order).toEqual([1, 2, 3]);
  });
});
