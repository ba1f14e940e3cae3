import { marshall } from "@aws-sdk/util-dynamodb";
import { expect, it } from "vitest";
import { FORMER_NAMES, type LaneRow, LANE_ATTRIBUTES } from "../../../../lambdas/core/lane/row-schema.ts";
import { itemSize, type Item } from "@trailcast/local-stack/aws";
import { RANGES_MAX } from "../../../../lambdas/core/journal/range.ts";

const AT = "2026-11-23T12:00:00.000Z";
const ULID = "01KAQN3ZJ8W5M2T9C7R4X6V0BD";
const END = { page: 1_234_567, index: 99 };

/** The names of halves pass from the lane to what is frozen, a replay's are not of a live lane, and only a lane that loses events has the last. */
const LEFT_OUT = ["splitParent", "until", "recorded", "eventsPerSecond", "lapsed"] as const;
const LAPSED = Array.from({ length: RANGES_MAX }, () => ({ from: END, to: END }));

/** Everything else at once that can be, after years of work. */
const FULL: Omit<Required<LaneRow>, (typeof LEFT_OUT)[number]> = {
  workspace: `ws_${ULID}`,
  item: `lane#dst_${ULID}#live`,
  destination: `dst_${ULID}`,
  lane: "live",
  status: "suspended",
  version: 12_345_678,
  cursor: END,
  number: 1_234_567,
  previousId: `whd_${ULID}`,
  frozen: {
    id: `whd_${ULID}`,
    number: 1_234_567,
    frozenAt: AT,
    format: "cloudevents-structured",
    contentVersion: 42,
    end: END,
    count: 100,
    check: "0123456789abcdef",
    parent: `whd_${ULID}`,
  },
  attempts: 30,
  firstAttemptAt: AT,
  nextAttemptAt: AT,
  dueShard: "due",
  skip: 1_234_567,
  batchLimit: 50,
  hurried: 42,
  lookedAt: AT,
  lastDelivery: {
    id: `whd_${ULID}`,
    at: AT,
    outcome: "suspend",
    statusCode: 503,
    durationMs: 10_000,
    error: "guard:no-public-address",
  },
  failingSince: AT,
  consecutiveFailures: 30,
  suspendedReason: "retries-exhausted",
  splitEnd: END,
  failingToldAt: AT,
  failingTold: ["credentials", "format"],
  untold: 12_345_678,
  slowAnswers: 2,
  createdAt: AT,
};

it("a lane with everything in its row is written for one unit, and for two when it has lost events by their expiry", () => {
  const left = new Set<string>([...LEFT_OUT, ...Object.values(FORMER_NAMES)]);
  expect(Object.keys(FULL).toSorted()).toEqual(LANE_ATTRIBUTES.filter((name) => !left.has(name)).toSorted());
  expect(itemSize(marshall(FULL) as Item)).toBeLessThanOrEqual(1024);
  expect(itemSize(marshall({ ...FULL, lapsed: LAPSED }) as Item)).toBeLessThanOrEqual(2048);
});

it("a replay that is refused is written for one unit", () => {
  const replay = {
    ...FULL,
    item: `lane#dst_${ULID}#rpl_${ULID}`,
    lane: `rpl_${ULID}`,
    until: END,
    recorded: { from: AT, to: AT },
    eventsPerSecond: 1000,
    // Of a lane that is suspended, skipped or split.
    skip: undefined,
    untold: undefined,
    failingToldAt: undefined,
    failingTold: undefined,
    suspendedReason: undefined,
    splitEnd: undefined,
  };
  expect(itemSize(marshall(replay, { removeUndefinedValues: true }) as Item)).toBeLessThanOrEqual(1024);
});
