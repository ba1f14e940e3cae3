import type { DeliveryNote, DeliveryOutcome, DeliveryRecord } from "../delivery/delivery-record.ts";
import { deliveriesPartition } from "../base/table-schema.ts";
import type { ClosedOutcome } from "./lane-event.ts";
import type { Lane, PendingBatch } from "./state.ts";

const DAY_SECONDS = 86_400;

/** The facts about a lane's pending batch for the delivery log. `now` in milliseconds. */
export function factsOfPending(
  lane: Lane,
  pending: PendingBatch,
  logDays: number,
  now: number,
): DeliveryNote["facts"] {
  return {
    destination: deliveriesPartition(lane.workspace, lane.destination),
    delivery: pending.id,
    lane: lane.lane,
    number: lane.number,
    previousId: lane.previousId,
    parent: pending.parent,
    format: pending.format,
    contentVersion: pending.contentVersion,
    count: pending.count,
    first: lane.cursor,
    end: pending.end,
    recorded: lane.role.kind === "replay" ? lane.role.recorded : undefined,
    createdAt: pending.selectedAt,
    expiresAt: Math.ceil(now / 1000) + logDays * DAY_SECONDS,
  };
}

/**
 * A lane's pending batch as a row of the log, as far as the lane knows it: the row itself may have expired since the
 * last attempt, or does not exist before the first.
 */
export function recordOfPending(lane: Lane, logDays: number, now: number): DeliveryRecord | undefined {
  const { pending, status } = lane;
  if (pending === undefined) return undefined;
  const facts = factsOfPending(lane, pending, logDays, now);
  return {
    ...facts,
    outcome: status.kind === "suspended" ? "suspend" : "retry",
    attempts: [],
    updatedAt: facts.createdAt,
    nextAttemptAt: status.kind === "live" ? status.wait?.until : undefined,
  };
}

/** The note to write **before** a lane is moved away from its pending batch; `undefined` if there is none. */
export function skippedNote(lane: Lane, logDays: number, now: number, at: string): DeliveryNote | undefined {
  const { pending } = lane;
  return pending && { facts: factsOfPending(lane, pending, logDays, now), outcome: "skipped", at };
}

/**
 * The outcome with which the log has closed a number, for the lane to follow: the invocation that wrote it ended before
 * it wrote the lane, or is about to write it. `undefined` for an open row, and for `skipped`, which management writes
 * before a move of the lane that may then be refused.
 */
export function closedInLog(outcome: DeliveryOutcome): ClosedOutcome | undefined {
  return outcome === "retry" || outcome === "suspend" || outcome === "skipped" ? undefined : outcome;
}
