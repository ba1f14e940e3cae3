import { describe, expect, it } from "vitest";
import { type Lane, NEW_LIVE_ROLE, newLane } from "../../../../lambdas/core/lane/state.ts";
import { transition } from "../../../../lambdas/core/lane/transition.ts";

const NOW = Date.parse("2026-11-23T12:00:00.000Z");
const START = {
  workspace: "ws_1",
  destination: "dst_1",
  lane: "live",
  cursor: { page: 1, index: 0 },
  createdAt: "",
};
const LAST = {
  id: "whd_1",
  at: "2026-11-23T12:00:00.000Z",
  outcome: "delivered",
  statusCode: 200,
  durationMs: 5,
  error: null,
};

function afterSuccess(before: Partial<Lane>): Lane {
  const pending = {
    id: "whd_1",
    selectedAt: LAST.at,
    format: "cloudevents-batch",
    contentVersion: 1,
    end: { page: 2, index: 0 },
    count: 1,
    check: "",
    isSkipRequested: false,
  } as const;
  const lane: Lane = { ...newLane(START, NEW_LIVE_ROLE), pending, ...before };
  return transition(lane, { kind: "delivered", delivery: "whd_1", last: LAST, now: NOW });
}

describe("after a success", () => {
  it("a lane has no failures left, so that its owner sees it healthy", () => {
    const receiver = { consecutiveFailures: 7, failingSince: "2026-11-23T11:00:00.000Z", slowAnswers: 0 };
    expect(afterSuccess({ receiver }).receiver).toMatchObject({
      consecutiveFailures: 0,
      failingSince: undefined,
      lastDelivery: LAST,
    });
  });

  it.each([
    [1, 2],
    [9, 10],
    [50, 55],
    [91, undefined],
  ])("a batch limit of %i becomes %s: a tenth more, and at least one", (batchLimit, expected) => {
    expect(afterSuccess({ batchLimit }).batchLimit).toBe(expected);
  });
});
