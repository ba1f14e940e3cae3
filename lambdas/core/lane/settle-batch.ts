import { comparePositions, type Position } from "../journal/page.ts";
import { DELIVERY_MAX_EVENTS } from "../formats/format.ts";
import type { ClosedOutcome, Refusal, SettlingEvent } from "./lane-event.ts";
import { countSlowAnswers, pauseAfter } from "./schedule.ts";
import { type Lane, type LastDelivery, outcomeOf, type PendingBatch } from "./state.ts";

/** What an answer, or the log, makes of the pending batch. The part of `transition` that runs with each delivery. */
export function settleBatch(lane: Lane, event: SettlingEvent): Lane {
  const { pending } = lane;
  if (pending?.id !== event.delivery) return lane;
  switch (event.kind) {
    case "delivered":
      return deliver(lane, pending, event.last, event.now);
    case "split":
      return answered(split(lane, pending), { ...event.last, beforeSplit: outcomeOf(lane.receiver) });
    case "attempt-failed":
      return fail(lane, event);
    case "attempt-suspended":
      return suspend(lane, event);
    case "closed":
      return close(lane, pending, event.outcome);
  }
}

/** A success: the cursor passes the batch. */
function deliver(lane: Lane, pending: PendingBatch, last: LastDelivery, now: number): Lane {
  const { role, batchLimit } = lane;
  const passed = answered(moveCursor(closeNumber(lane), pending.end), last);
  const { status } = passed;
  const pause = role.kind === "replay" ? pauseAfter(pending.count, role.eventsPerSecond, now) : undefined;
  return {
    ...passed,
    status: status.kind === "live" && pause !== undefined ? { ...status, wait: pause } : status,
    role: role.kind === "live" ? { ...role, notices: { notifiedAt: role.notices.notifiedAt } } : role,
    batchLimit: batchLimit && grow(batchLimit),
    receiver: { ...passed.receiver, failingSince: undefined, consecutiveFailures: 0 },
  };
}

/** A tenth more after each success: a receiver that could not take a batch is not asked to at once. */
function grow(batchLimit: number): number | undefined {
  const next = batchLimit + Math.max(1, Math.floor(batchLimit / 10));
  return next >= DELIVERY_MAX_EVENTS ? undefined : next;
}

/** The number closes, and the same events come again in two halves, the first of which names it. */
function split(lane: Lane, { id, count, end }: PendingBatch): Lane {
  return {
    ...closeNumber(lane),
    batchLimit: Math.max(1, Math.ceil(count / 2)),
    halves: { end, parent: id },
  };
}

function answered(lane: Lane, last: LastDelivery): Lane {
  const { receiver } = lane;
  const slowAnswers = countSlowAnswers(receiver.slowAnswers, last.durationMs);
  return { ...lane, receiver: { ...receiver, lastDelivery: last, slowAnswers } };
}

/** Counts a failed attempt. It neither schedules a retry nor suspends the lane; the callers do. */
function countFailure(lane: Lane, last: LastDelivery): Lane {
  const { schedule, receiver } = answered(lane, last);
  return {
    ...lane,
    schedule: {
      attempts: (schedule?.attempts ?? 0) + 1,
      firstAttemptAt: schedule?.firstAttemptAt ?? last.at,
    },
    receiver: {
      ...receiver,
      failingSince: receiver.failingSince ?? last.at,
      consecutiveFailures: receiver.consecutiveFailures + 1,
    },
  };
}

/** If the owner requested an immediate retry during the attempt, its refusal decides nothing. */
function isOvertaken({ immediateRetries }: Lane, { retriesBefore }: Refusal): boolean {
  return immediateRetries !== retriesBefore;
}

/** A lane that its owner disabled, or another run suspended, meanwhile stays so and waits for no attempt. */
function fail(lane: Lane, event: Extract<SettlingEvent, { kind: "attempt-failed" }>): Lane {
  const failed = countFailure(lane, event.last);
  const { role, status } = lane;
  const isWaiting = status.kind === "live" && !isOvertaken(lane, event);
  return {
    ...failed,
    role: role.kind === "live" && event.notices !== undefined ? { ...role, notices: event.notices } : role,
    status: isWaiting ? { ...status, wait: event.wait } : status,
  };
}

/**
 * The cursor stands and the delivery keeps its number until the owner enables the lane. The owner is notified by the next run that comes
 * to it, so that the suspension is stored before: a crash neither loses the notice nor sends a false one.
 */
function suspend(lane: Lane, event: Extract<SettlingEvent, { kind: "attempt-suspended" }>): Lane {
  const { last, reason } = event;
  const failed = countFailure(lane, last);
  const { role, status, version } = lane;
  if (status.kind !== "live" || isOvertaken(lane, event)) return failed;
  return {
    ...failed,
    status: { kind: "suspended", reason, notice: { version, dueAt: last.at } },
    // The end of a suspension has a notice of its own, so the one about the end of failures is not sent.
    role: role.kind === "live" ? { ...role, notices: { notifiedAt: role.notices.notifiedAt } } : role,
  };
}

/** A closed number without a further answer, by what the log says of it. */
function close(lane: Lane, pending: PendingBatch, outcome: ClosedOutcome): Lane {
  switch (outcome) {
    case "delivered":
    case "skipped":
      return moveCursor(forgetRefusals(closeNumber(lane)), pending.end);
    case "split":
      return split(lane, pending);
    case "recut":
      return closeNumber(lane);
    case "expired":
      return { ...closeNumber(lane), schedule: lane.schedule };
  }
}

/** The pending batch's number closes: the next delivery takes the next number and names this one as previous. */
export function closeNumber(lane: Lane): Lane {
  const { pending, number } = lane;
  if (pending === undefined) return lane;
  return {
    ...withoutWait(lane),
    pending: undefined,
    schedule: undefined,
    number: number + 1,
    previousId: pending.id,
  };
}

/** What a suspended lane waits for is not its delivery but the notice to its owner, which stays. */
export function withoutWait(lane: Lane): Lane {
  return lane.status.kind === "live" ? { ...lane, status: { ...lane.status, wait: undefined } } : lane;
}

/** Moves the cursor; a split is over once the cursor reaches its end. */
export function moveCursor(lane: Lane, cursor: Position): Lane {
  const { halves } = lane;
  const isPast = halves !== undefined && comparePositions(cursor, halves.end) >= 0;
  return { ...lane, cursor, halves: isPast ? undefined : halves };
}

/**
 * What was refused is gone without a success: the next refusal begins a failing of its own. That the owner was notified of this one
 * stays, and with it the hour until the next notice and the notice of its end. A suspension is still announced with when it began.
 */
export function forgetRefusals(lane: Lane): Lane {
  const { role, receiver, status } = lane;
  if (status.kind === "suspended") return lane;
  return {
    ...lane,
    receiver: { ...receiver, failingSince: undefined, consecutiveFailures: 0 },
    role: role.kind === "live" ? { ...role, notices: { ...role.notices, pendingVersion: undefined } } : role,
  };
}
