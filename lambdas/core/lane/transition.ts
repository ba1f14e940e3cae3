import type { Position } from "../journal/page.ts";
import { joinRanges, type JournalRange, rangesBefore } from "../journal/range.ts";
import type { LaneEvent, OwnerEvent, SelectedBatch } from "./lane-event.ts";
import { noticeRetryAt } from "./schedule.ts";
import { closeNumber, forgetRefusals, moveCursor, settleBatch, withoutWait } from "./settle-batch.ts";
import type { Lane, LaneStatus, SuspensionNotice, Wait } from "./state.ts";

/**
 * The lane after an event; every change of a lane is one of these. An event that does not fit the lane leaves it as it is: the owner or
 * another run may have changed it meanwhile. An ended lane never changes.
 */
export function transition(lane: Lane, event: LaneEvent): Lane {
  if (lane.status.kind === "ended") return lane;
  switch (event.kind) {
    case "batch-selected":
      return selectBatch(lane, event.batch, event.begin, event.expired);
    case "progressed":
      return progress(lane, event.to, event.expired);
    case "caught-up":
      return hasRefusalsLeft(lane) ? endSchedule(lane) : lane;
    case "closed-to-delivery":
      return carryWaitBy(lane, "wake-up");
    case "wait-left-to-sweep":
      return carryWaitBy(lane, "sweep");
    case "replay-ended":
    case "removed":
      return end(lane, false);
    case "delivered":
    case "split":
    case "attempt-failed":
    case "attempt-suspended":
    case "closed":
      return settleBatch(lane, event);
    case "suspension-notified":
      return withNotice(lane, () => undefined);
    case "suspension-notice-failed":
      return withNotice(lane, (notice) => ({ ...notice, dueAt: noticeRetryAt(event.now) }));
    case "resumption-notified":
      return lane.status.kind === "live"
        ? { ...lane, status: { ...lane.status, resumedFrom: undefined } }
        : lane;
    default:
      return obeyOwner(lane, event);
  }
}

function obeyOwner(lane: Lane, event: OwnerEvent): Lane {
  switch (event.kind) {
    case "enabled":
      return enable(lane);
    case "moved":
      return move(lane, event.to);
    case "disabled":
      return { ...lane, status: { kind: "disabled", resumedFrom: suspensionOf(lane.status) } };
    case "cancelled":
      return end(closeNumber(lane), true);
    case "retry-requested":
      return lane.status.kind === "suspended" ? enable(lane) : retryNow(lane);
    case "destination-changed":
      return lane.status.kind === "suspended" ? lane : retryNow(lane);
    case "skip-requested":
      return lane.pending === undefined
        ? lane
        : { ...withoutWait(lane), pending: { ...lane.pending, isSkipRequested: true } };
  }
}

/** Gives the lane's number to the events of the batch; a number is given only once. */
function selectBatch(
  lane: Lane,
  batch: SelectedBatch,
  begin: Position,
  expired: readonly JournalRange[],
): Lane {
  if (lane.pending !== undefined || lane.status.kind !== "live") return lane;
  const { halves } = lane;
  return {
    ...addExpired(lane, expired),
    cursor: begin,
    pending: { ...batch, parent: halves?.parent, isSkipRequested: false },
    halves: halves && { end: halves.end },
    lastSelectedAt: batch.selectedAt,
  };
}

function progress(lane: Lane, to: Position, expired: readonly JournalRange[]): Lane {
  return lane.pending === undefined ? moveCursor(endSchedule(addExpired(lane, expired)), to) : lane;
}

/** Only live lanes keep expired ranges: a replay owes its receiver nothing that the live lane does not. */
function addExpired(lane: Lane, expired: readonly JournalRange[]): Lane {
  const { role } = lane;
  if (expired.length === 0 || role.kind !== "live") return lane;
  return { ...lane, role: { ...role, expiredRanges: joinRanges(role.expiredRanges, expired) } };
}

/** Nothing is left of the former pending batch, so the next one starts a retry schedule of its own. */
function endSchedule(lane: Lane): Lane {
  return forgetRefusals({ ...withoutWait(lane), schedule: undefined });
}

function hasRefusalsLeft({ pending, schedule, receiver, status }: Lane): boolean {
  const isInIndex = status.kind === "live" && status.wait?.carrier === "sweep";
  const isAny = schedule !== undefined || receiver.failingSince !== undefined || isInIndex;
  return pending === undefined && isAny;
}

function carryWaitBy(lane: Lane, carrier: Wait["carrier"]): Lane {
  const { status } = lane;
  if (status.kind !== "live" || status.wait === undefined || status.wait.carrier === carrier) return lane;
  return { ...lane, status: { ...status, wait: { ...status.wait, carrier } } };
}

function withNotice(lane: Lane, change: (notice: SuspensionNotice) => SuspensionNotice | undefined): Lane {
  const { status } = lane;
  if (status.kind !== "suspended" || status.notice === undefined) return lane;
  return { ...lane, status: { ...status, notice: change(status.notice) } };
}

function end(lane: Lane, isCancelled: boolean): Lane {
  return { ...lane, status: { kind: "ended", isCancelled } };
}

/** Why the lane was suspended, until deliver has notified the owner that it continues. */
function suspensionOf(status: LaneStatus): string | undefined {
  if (status.kind === "suspended") return status.reason;
  return status.kind === "ended" ? undefined : status.resumedFrom;
}

/**
 * What the owner was notified of while the receiver failed is kept until a success. A slow lane stays with its queue,
 * where a POST may be in progress that the other queue would not wait for.
 */
function enable(lane: Lane): Lane {
  return {
    ...retryNow(lane),
    status: { kind: "live", resumedFrom: suspensionOf(lane.status) },
    schedule: undefined,
    receiver: { ...lane.receiver, failingSince: undefined, consecutiveFailures: 0 },
  };
}

function retryNow(lane: Lane): Lane {
  return { ...withoutWait(lane), immediateRetries: lane.immediateRetries + 1 };
}

function move(lane: Lane, to: Position): Lane {
  const { role } = lane;
  return {
    ...enable(closeNumber(lane)),
    cursor: to,
    // A longer retention may make expired events visible again; from an earlier cursor they are delivered.
    role: role.kind === "live" ? { ...role, expiredRanges: rangesBefore(role.expiredRanges, to) } : role,
    batchLimit: undefined,
    halves: undefined,
  };
}

/**
 * The replays that continue when their destination is enabled; `live` is its live lane before that. These are the
 * suspended replays, and those that were waiting for a retry while the destination was disabled; their retry schedules
 * start again. Store them together with the live lane, then wake all of them.
 */
export function resumeReplays(live: Lane, replays: readonly Lane[]): Lane[] {
  const stoodStill = live.status.kind === "disabled";
  const isResumed = ({ status, schedule }: Lane): boolean =>
    status.kind === "suspended" || (status.kind === "live" && stoodStill && schedule !== undefined);
  return replays.filter(isResumed).map((replay) => transition(replay, { kind: "enabled" }));
}
