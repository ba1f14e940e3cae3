import { describe, expect, it } from "vitest";
import { runFaults } from "../../bench/faults/run-faults.ts";

/** A small run of `npm run faults`. */
describe("failing receivers, dying functions, lost and duplicated wake-ups, and kill -9", () => {
  it("lose no event, keep the order, and leave no hole in a chain", { timeout: 180_000 }, async () => {
    const lines: string[] = [];
    const run = await runFaults({ events: 1500, workspaces: 4, kills: 2, seed: 7, timeScale: 120 }, (line) =>
      lines.push(line),
    );
    expect(run.details.join("\n")).toBe("");
    expect(run).toMatchObject({ events: 1500, lost: 0, outOfOrder: 0, holes: 0, wrong: 0, isSound: true });
    const { calls, "stream batches": batches, wakeUps, kills, receivers } = run.faults;
    for (const kinds of [calls, batches, wakeUps]) expect(Object.values(kinds)).not.toContain(0);
    expect((kills["at work"] ?? 0) + (kills["at start"] ?? 0)).toBe(2);
    expect(Object.values(receivers).filter((count) => count > 0).length).toBeGreaterThan(4);
    // A run without any duplicate would have tested nothing.
    expect(run.repeatedDeliveries).toBeGreaterThan(0);
    expect(lines.join("\n")).toContain("kill -9 no. 2");
  });
});
