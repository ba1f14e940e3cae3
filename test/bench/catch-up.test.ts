import { describe, expect, it } from "vitest";
import { requireOrder } from "../../bench/catch-up.ts";

const LIVE = 200;
const subjects = (...ranges: [from: number, to: number][]): string[] =>
  ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, index) => `ws_late-${from + index}`));

describe("the order of a catch-up", () => {
  it("follows the order of posting, except between concurrent POSTs of the live part", () => {
    expect(() => requireOrder(subjects([0, 500]), LIVE)).not.toThrow();
    expect(() => requireOrder(subjects([100, 200], [0, 100], [200, 500]), LIVE)).not.toThrow();
  });

  it("is violated when POSTs of the backlog overtake each other or an event is misplaced", () => {
    expect(() => requireOrder(subjects([0, 200], [300, 400], [200, 300]), LIVE)).toThrow(
      "event 300 is out of order at place 200",
    );
    expect(() => requireOrder(subjects([0, 50], [51, 52], [50, 51], [52, 300]), LIVE)).toThrow("event 51");
  });

  it("is violated by a missing or duplicated event", () => {
    expect(() => requireOrder(subjects([0, 250], [251, 300]), LIVE)).toThrow("event 251");
    expect(() => requireOrder(subjects([0, 300], [299, 300]), LIVE)).toThrow("event 299");
    expect(() => requireOrder(subjects([0, 100], [0, 100], [200, 300]), LIVE)).toThrow("arrived twice");
  });
});
