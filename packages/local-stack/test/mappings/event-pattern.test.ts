import { describe, expect, it } from "vitest";
import { compileFilters, compilePattern } from "../../src/mappings/event-pattern.ts";
import type { Json } from "../../src/template/template.ts";

const EVENT = {
  eventName: "INSERT",
  count: 3,
  tags: ["a", "b"],
  dynamodb: { Keys: { id: { S: "ws_1" } } },
  none: null,
};

describe("an event pattern", () => {
  it.each<[Json, boolean]>([
    [{ eventName: ["INSERT"] }, true],
    [{ eventName: ["MODIFY", "REMOVE"] }, false],
    [{ eventName: ["INSERT"], count: [4] }, false],
    [{ count: [3] }, true],
    [{ none: [null] }, true],
    [{ tags: ["b"] }, true],
    [{ dynamodb: { Keys: { id: { S: [{ prefix: "ws_" }] } } } }, true],
    [{ dynamodb: { Keys: { other: ["x"] } } }, false],
    [{ eventName: [{ suffix: "ERT" }] }, true],
    [{ eventName: [{ "anything-but": ["INSERT"] }] }, false],
    [{ eventName: [{ "anything-but": "REMOVE" }] }, true],
    [{ eventName: [{ "equals-ignore-case": "insert" }] }, true],
    [{ missing: [{ exists: false }] }, true],
    [{ eventName: [{ exists: false }] }, false],
    [{ dynamodb: { NewImage: [{ exists: true }] } }, false],
  ])("%j matches the event: %s", (pattern, expected) => {
    expect(compilePattern("Rule", pattern)(EVENT)).toBe(expected);
  });

  it("matches if any of several filters does, or if there is none", () => {
    expect(compileFilters("M", [{ eventName: ["X"] }, { count: [3] }])(EVENT)).toBe(true);
    expect(compileFilters("M", [{ eventName: ["X"] }, { count: [4] }])(EVENT)).toBe(false);
    expect(compileFilters("M", [])(EVENT)).toBe(true);
  });

  it.each<[Json]>([[{ count: [{ numeric: [">", 1] }] }], [{ $or: [{ a: [1] }] }], [{ eventName: "INSERT" }]])(
    "is refused by name if it is not supported: %j",
    (pattern) => {
      expect(() => compilePattern("Rule (AWS::Events::Rule)", pattern)).toThrow(
        /Rule \(AWS::Events::Rule\): event pattern/,
      );
    },
  );
});
