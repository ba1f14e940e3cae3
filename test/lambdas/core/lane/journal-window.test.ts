import { describe, expect, it } from "vitest";
import { createJournalWindow } from "../../../../lambdas/core/lane/journal-window.ts";
import { answered, LaneWorld, WS } from "../../../helpers/in-memory-lanes.ts";

/** A world whose journal has so many pages of one event. */
async function worldWithPages(pages: number): Promise<LaneWorld> {
  const world = new LaneWorld();
  for (let page = 0; page < pages; page++) await world.record([`a${page}`]);
  return world;
}

describe("a window on the journal", () => {
  it("goes back to a page that it had passed or read ahead of", async () => {
    const world = await worldWithPages(4);
    const window = createJournalWindow(WS, world);
    await window.load({ page: 1, index: 0 }, "");
    window.readAhead({ page: 4, index: 0 }, "");
    const loaded = await window.load({ page: 2, index: 0 }, "");
    expect(loaded?.page.page).toBe(2);
    expect(loaded?.page.entries.map(({ entry }) => loaded.events.get(entry)?.length)).toEqual([1]);
  });
});

describe("a delivery over several pages that is tried again in the run that was refused", () => {
  it.each([
    ["a refusal whose wait has passed", 500],
    ["a split", 413],
  ])("has all its events after %s", async (_case, statusCode) => {
    const world = new LaneWorld();
    for (let page = 0; page < 3; page++) await world.record(Array.from({ length: 60 }, () => "a"));
    let refusals = 1;
    world.answer = () => {
      world.now += 60_000; // the answer took longer than the wait after it
      return refusals-- > 0 ? answered(statusCode) : answered(200);
    };
    // The wait begins with the answer; time that passes before the next look is the scheduler's.
    const ports = world.ports.bind(world);
    world.ports = (turn) => {
      const made = ports(turn);
      return { ...made, random: (bytes) => (bytes === 4 ? new Uint8Array(4) : made.random(bytes)) };
    };
    await world.run();
    const taken = world.received.slice(1).flatMap(({ events }) => events);
    expect(new Set(taken).size).toBe(180);
    expect(taken).toHaveLength(180);
    expect(taken.slice(0, 100)).toEqual(world.received[0]?.events);
    const outcomes = [...world.deliveries.rows.values()].map(({ outcome }) => outcome);
    expect(outcomes).not.toContain("expired");
    expect(outcomes).not.toContain("recut");
  });
});
