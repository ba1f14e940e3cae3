import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readClock, startClock } from "../src/clock.ts";
import { temporaryFolder } from "./fixtures/fixture-stack.ts";

const START = Date.parse("2026-11-23T05:00:00Z");
const HOUR_MS = 3_600_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeEach(async () => {
  folder = await temporaryFolder();
  vi.useFakeTimers({ now: START });
});

afterEach(async () => {
  vi.useRealTimers();
  await folder.remove();
});

describe("the clock of a stack", () => {
  it("is real time at scale 1, even after a pause", () => {
    startClock(folder.path).stop();
    vi.advanceTimersByTime(HOUR_MS);
    expect(startClock(folder.path).now()).toBe(START + HOUR_MS);
  });

  it("runs faster by its scale, and functions can compute the same time", () => {
    const clock = startClock(folder.path, 60);
    vi.advanceTimersByTime(1000);
    expect(clock.now()).toBe(START + 60_000);
    const { realStart, virtualStart, scale } = clock.anchor;
    expect(Math.round(virtualStart + (Date.now() - realStart) * scale)).toBe(clock.now());
    expect(clock.realDelay(60_000)).toBe(1000);
  });

  it("continues at the time where a faster run ended", () => {
    const fast = startClock(folder.path, 3600);
    vi.advanceTimersByTime(10_000);
    fast.stop();
    vi.advanceTimersByTime(1000);
    const slow = startClock(folder.path, 1);
    expect(slow.now()).toBe(START + 10 * HOUR_MS);
    vi.advanceTimersByTime(500);
    expect(slow.now()).toBe(START + 10 * HOUR_MS + 500);
  });

  it("never goes back after kill -9, and never jumps further than it would have run", () => {
    const killed = startClock(folder.path, 3600);
    vi.advanceTimersByTime(10_400);
    const last = killed.now();
    const next = startClock(folder.path, 1);
    expect(next.now()).toBeGreaterThanOrEqual(last);
    expect(next.now()).toBeLessThanOrEqual(last + 5000 * 3600);
  });

  it("can be read from another process, whether the stack runs or not", () => {
    const clock = startClock(folder.path, 3600);
    vi.advanceTimersByTime(2000);
    expect(readClock(folder.path)).toBe(clock.now());
    clock.stop();
    const stopped = clock.now();
    vi.advanceTimersByTime(1000);
    expect(readClock(folder.path)).toBe(stopped);
  });

  it("starts at real time if its state was truncated", () => {
    startClock(folder.path, 3600).stop();
    const file = join(folder.path, "clock.json");
    writeFileSync(file, readFileSync(file, "utf8").slice(0, 20));
    expect(startClock(folder.path).now()).toBe(START);
  });
});
