import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exitCodeOf, figure, median, quantile } from "../../bench/measure.ts";

describe("figures", () => {
  it("that all meet their targets end with 0; one that misses, or is no number, with 1", () => {
    const met = [
      figure("b", "rate", 10, "", { atLeast: 10 }),
      figure("b", "latency", 5, "ms", { atMost: 5 }),
    ];
    expect(exitCodeOf(met)).toBe(0);
    expect(exitCodeOf([...met, figure("b", "rate", 9, "", { atLeast: 10 })])).toBe(1);
    expect(exitCodeOf([...met, figure("b", "latency", 6, "ms", { atMost: 5 })])).toBe(1);
    expect(exitCodeOf([...met, figure("b", "latency", quantile([], 0.5), "ms", { atMost: 5 })])).toBe(1);
    expect(exitCodeOf([])).toBe(1);
  });

  it("take quantiles in any order, and leave the values as they are", () => {
    const values = [9, 1, 10, 2];
    expect([quantile(values, 0), quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1)]).toEqual(
      [1, 9, 10, 10],
    );
    expect(median([3, 1, 2])).toBe(2);
    expect(values).toEqual([9, 1, 10, 2]);
  });
});

describe("npm run bench", () => {
  it("refuses a bench that it does not know, and lists those that it does", () => {
    const run = join(import.meta.dirname, "../../bench/run.ts");
    const { status, stderr } = spawnSync(process.execPath, [run, "idle", "throughputs"], {
      encoding: "utf8",
      timeout: 20_000,
    });
    expect(status).toBe(1);
    expect(stderr).toContain("'throughputs' is invalid");
    expect(stderr).toMatch(/idle, singles, throughput, retention, catch-up, fairness/);
  });
});
