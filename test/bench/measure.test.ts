import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exitCodeOf, figure, median, quantile } from "../../bench/measure.ts";

describe("figures", () => {
  it("exit with 0 when all meet their targets, and with 1 when one misses or is not a number", () => {
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

  it("compute quantiles of unsorted values without changing them", () => {
    const values = [9, 1, 10, 2];
    expect([quantile(values, 0), quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1)]).toEqual(
      [1, 9, 10, 10],
    );
    expect(median([3, 1, 2])).toBe(2);
    expect(values).toEqual([9, 1, 10, 2]);
  });
});

describe("npm run bench", () => {
  it("refuses an unknown bench and lists the known ones", () => {
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
