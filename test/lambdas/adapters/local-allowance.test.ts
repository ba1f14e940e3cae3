import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import {
  clockOf,
  localAllowance,
  NO_ALLOWANCE,
  readLocal,
} from "../../../lambdas/adapters/local-allowance.ts";

const SCRIPT = join(import.meta.dirname, "../../fixtures/egress/report-allowance.ts");
const allowed = { loopback: true, ca: ["PEM"] };

/** The allowance that a thread reads if it is started with this data. */
function allowanceOfThread(workerData: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(SCRIPT, { workerData });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

describe("the allowance for local runs", () => {
  it("is the one that the thread was started with", async () => {
    expect(await allowanceOfThread({ trailcast: allowed })).toEqual(allowed);
  });

  it("is empty on a thread that was started with other data or none", async () => {
    expect(await allowanceOfThread(null)).toEqual(NO_ALLOWANCE);
    expect(await allowanceOfThread({ trailcast: { loopback: "true", ca: [] } })).toEqual(NO_ALLOWANCE);
    expect(localAllowance()).toEqual(NO_ALLOWANCE);
  });

  it.each([
    null,
    undefined,
    "x",
    {},
    { loopback: true, ca: [] },
    { trailcast: { loopback: true } },
    { trailcast: { loopback: 1, ca: [] } },
  ])("is not read from %j", (data) => expect(readLocal(data)).toBeUndefined());
});

describe("the clock", () => {
  it("is real time without local settings; with them it runs from a virtual start at their scale", () => {
    const before = Date.now();
    expect(clockOf(undefined)()).toBeGreaterThanOrEqual(before);
    const now = clockOf({
      ...allowed,
      clock: { realStart: before - 1000, virtualStart: 5_000_000, scale: 60 },
    })();
    expect(now).toBeGreaterThanOrEqual(5_060_000);
    expect(now).toBeLessThan(5_360_000);
  });
});
