import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { comparePositions, type Position } from "../../../../lambdas/core/journal/page.ts";
import type { LaneEvent } from "../../../../lambdas/core/lane/lane-event.ts";
import { laneSchema, rowOf } from "../../../../lambdas/core/lane/row.ts";
import { type Lane, type LaneRole, NEW_LIVE_ROLE, newLane } from "../../../../lambdas/core/lane/state.ts";
import { transition } from "../../../../lambdas/core/lane/transition.ts";

const NOW = Date.parse("2026-11-23T12:00:00.000Z");
const REPLAY: LaneRole = { kind: "replay", until: { page: 90, index: 0 }, eventsPerSecond: 10 };

function startOf(role: LaneRole): Lane {
  const lane = role.kind === "live" ? "live" : "rpl_1";
  const start = {
    workspace: "ws_1",
    destination: "dst_1",
    lane,
    cursor: { page: 1, index: 0 },
    createdAt: "",
  };
  return newLane(start, role);
}

/** Where something lies before or behind the cursor, in pages. */
const step = fc.integer({ min: 0, max: 3 });

/** An event as it may reach a lane: of its pending batch or of another one, late or out of place. */
interface Draft {
  kind: LaneEvent["kind"];
  ahead: number;
  isOther: boolean;
  isLate: boolean;
  seconds: number;
  outcome: "delivered" | "split" | "recut" | "expired" | "skipped";
  count: number;
}

const draft: fc.Arbitrary<Draft> = fc.record({
  kind: fc.constantFrom<LaneEvent["kind"][]>(
    "batch-selected",
    "batch-selected",
    "batch-selected",
    "progressed",
    "caught-up",
    "closed-to-delivery",
    "wait-left-to-sweep",
    "replay-ended",
    "delivered",
    "delivered",
    "split",
    "attempt-failed",
    "attempt-failed",
    "attempt-suspended",
    "attempt-suspended",
    "closed",
    "closed",
    "suspension-notified",
    "suspension-notice-failed",
    "resumption-notified",
    "enabled",
    "moved",
    "disabled",
    "cancelled",
    "retry-requested",
    "destination-changed",
    "skip-requested",
  ),
  ahead: step,
  isOther: fc.boolean(),
  isLate: fc.boolean(),
  seconds: fc.constantFrom(5, 600),
  outcome: fc.constantFrom("delivered", "split", "recut", "expired", "skipped"),
  count: fc.integer({ min: 1, max: 100 }),
});

function eventOf(
  lane: Lane,
  { kind, ahead, isOther, isLate, seconds, outcome, count }: Draft,
  at: number,
): LaneEvent {
  const { cursor, pending, immediateRetries, halves } = lane;
  const later: Position = { page: cursor.page + ahead, index: 0 };
  const isAhead = comparePositions(later, cursor) > 0;
  const begin = isAhead && halves === undefined ? later : cursor;
  const time = new Date(NOW + at * 1000).toISOString();
  const delivery = isOther && ahead === 0 ? "whd_other" : (pending?.id ?? "whd_none");
  const last = {
    id: delivery,
    at: time,
    outcome: "retry",
    statusCode: 500,
    durationMs: seconds * 10,
    error: "HTTP 500",
  };
  const refusal = { delivery, last, retriesBefore: isLate ? immediateRetries - 1 : immediateRetries };
  const expired = ahead > 0 ? [{ from: cursor, to: begin }] : [];
  switch (kind) {
    case "batch-selected": {
      // A selection never crosses the end of what was split.
      const end = halves?.end ?? { page: begin.page + 1, index: 0 };
      const facts = { format: "cloudevents-batch", contentVersion: 1, count, check: "" } as const;
      return { kind, batch: { id: `whd_${at}`, selectedAt: time, end, ...facts }, begin, expired };
    }
    case "progressed":
      return { kind, to: begin, expired };
    case "moved":
      return { kind, to: { page: Math.max(1, cursor.page + 1 - ahead), index: 0 } };
    case "delivered":
      return { kind, delivery, last: { ...last, outcome: "delivered", error: null }, now: Date.parse(time) };
    case "split":
      return { kind, delivery, last: { ...last, outcome: "split" } };
    case "attempt-failed":
      return { kind, ...refusal, wait: { until: time, carrier: seconds > 60 ? "sweep" : "wake-up" } };
    case "attempt-suspended":
      return { kind, ...refusal, reason: "gone" };
    case "closed":
      return { kind, delivery, outcome };
    case "suspension-notice-failed":
      return { kind, now: Date.parse(time) };
    default:
      return { kind };
  }
}

/** What a lane may not be, whatever happened to it. */
function faultsOf(lane: Lane): string[] {
  const { role, status, pending, schedule, halves, receiver, cursor } = lane;
  const row = rowOf(lane);
  const isAhead = (end: Position | undefined): boolean =>
    end === undefined || comparePositions(end, cursor) > 0;
  const waits = row.nextAttemptAt !== undefined;
  const rules: [string, boolean][] = [
    [
      "is another one when read from its row",
      isDeepStrictEqual(compact(laneSchema.parse(row)), compact(lane)),
    ],
    ["is in the index of due lanes without a time", row.dueShard === undefined || waits],
    ["waits although it is disabled or ended", !waits || /^(?:live|suspended)$/.test(status.kind)],
    [
      "is live and idle and waits for an attempt",
      status.kind !== "live" || role.kind === "replay" || pending !== undefined || status.wait === undefined,
    ],
    ["fails without failures", receiver.consecutiveFailures > 0 === (receiver.failingSince !== undefined)],
    ["has a retry schedule without attempts", schedule === undefined || schedule.attempts > 0],
    ["stands at or behind the end of its batch", isAhead(pending?.end)],
    ["stands at or behind the end of its halves", isAhead(halves?.end)],
  ];
  return rules.flatMap(([fault, holds]) => (holds ? [] : [`the lane ${fault}`]));
}

/** Without what is `undefined`, which a row does not keep. */
function compact(lane: Lane): unknown {
  return JSON.parse(JSON.stringify(lane));
}

/** How a number and a cursor may not change. A number is given once; a cursor passes a wanted event by few events alone. */
function faultsOfStep(before: Lane, event: LaneEvent, after: Lane): string[] {
  const { pending } = before;
  const isClosed = pending !== undefined && after.pending === undefined;
  const isSameBatch =
    pending === undefined ||
    after.pending === undefined ||
    isDeepStrictEqual({ ...pending, isSkipRequested: false }, { ...after.pending, isSkipRequested: false });
  const moved = event.kind === "moved" ? 0 : comparePositions(after.cursor, before.cursor);
  const passes =
    event.kind === "delivered" || (event.kind === "closed" && /^(?:delivered|skipped)$/.test(event.outcome));
  const mayMove =
    pending === undefined
      ? event.kind === "batch-selected" || event.kind === "progressed"
      : passes && isDeepStrictEqual(after.cursor, pending.end);
  const rules: [string, boolean][] = [
    ["takes back a requested retry", after.immediateRetries >= before.immediateRetries],
    ["counts its numbers wrongly", after.number === before.number + (isClosed ? 1 : 0)],
    ["names another delivery as previous", after.previousId === (isClosed ? pending.id : before.previousId)],
    ["changes its pending batch", isSameBatch],
    ["goes back", moved >= 0],
    ["passes events", moved === 0 || mayMove],
    [
      "is selected for while it is not live",
      before.status.kind === "live" || pending !== undefined || after.pending === undefined,
    ],
    ["changes after its end", before.status.kind !== "ended" || after === before],
  ];
  return rules.flatMap(([fault, holds]) => (holds ? [] : [`the lane ${fault}`]));
}

/** Which events change the status, and to what. */
const STATUS_CHANGES: Readonly<Record<string, RegExp>> = {
  "live disabled": /^disabled$/,
  "live suspended": /^attempt-suspended$/,
  "live ended": /^(?:replay-ended|cancelled)$/,
  "suspended live": /^(?:enabled|moved|retry-requested)$/,
  "suspended disabled": /^disabled$/,
  "suspended ended": /^(?:replay-ended|cancelled)$/,
  "disabled live": /^(?:enabled|moved)$/,
  "disabled ended": /^(?:replay-ended|cancelled)$/,
};

function faultsOfStatus(before: Lane, event: LaneEvent, after: Lane): string[] {
  const [from, to] = [before.status, after.status];
  const change = `${from.kind} ${to.kind}`;
  const isAllowed = from.kind === to.kind || STATUS_CHANGES[change]?.test(event.kind) === true;
  const isAnnounced = from.kind !== "suspended" || to.kind !== "suspended" || from.notice === undefined;
  const isKept =
    isAnnounced || event.kind === "suspension-notified" || to.notice?.version === from.notice?.version;
  const { failingSince } = before.receiver;
  const isSince = isAnnounced || event.kind === "delivered" || after.receiver.failingSince === failingSince;
  // A refusal that the owner's request overtook decides nothing.
  const isLate = "retriesBefore" in event && event.retriesBefore !== before.immediateRetries;
  const rules: [string, boolean][] = [
    [`changes from ${change}`, isAllowed],
    ["loses the notice of its suspension", isKept],
    ["forgets when it began to fail before that was announced", isSince],
    ["obeys a refusal that was overtaken", !isLate || isDeepStrictEqual(from, to)],
  ];
  return rules.flatMap(([fault, holds]) => (holds ? [] : [`the lane ${fault}`]));
}

describe.each([
  ["live lane", NEW_LIVE_ROLE],
  ["replay", REPLAY],
])("a %s", (_, role) => {
  it("stays valid whatever happens to it, in whatever order", () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(fc.array(draft, { maxLength: 60, size: "max" }), (drafts) => {
        let lane = startOf(role);
        for (const [at, one] of drafts.entries()) {
          const event = eventOf(lane, one, at);
          const after = transition(lane, event);
          const steps = [...faultsOfStep(lane, event, after), ...faultsOfStatus(lane, event, after)];
          expect([...faultsOf(after), ...steps]).toEqual([]);
          lane = after;
        }
      }),
      { numRuns: 600 },
    );
  });

  it("is not changed by what became of a batch that is not pending", () => {
    const batch = { id: "whd_1", selectedAt: "", format: "cloudevents-batch", contentVersion: 1 } as const;
    const begin = { page: 1, index: 0 };
    const selected = transition(startOf(role), {
      kind: "batch-selected",
      batch: { ...batch, end: { page: 2, index: 0 }, count: 1, check: "" },
      begin,
      expired: [],
    });
    for (const outcome of ["delivered", "split", "recut", "expired", "skipped"] as const) {
      const event: LaneEvent = { kind: "closed", delivery: "whd_0", outcome };
      expect(transition(selected, event)).toBe(selected);
      expect(transition(startOf(role), event)).toEqual(startOf(role));
    }
  });
});
