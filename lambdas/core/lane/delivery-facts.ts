import type { DeliveryNote, DeliveryRecord } from "../delivery/delivery-record.ts";
import type { Lane } from "./lane.ts";
import { deliveriesPartition } from "../base/table-schema.ts";

const DAY_SECONDS = 86_400;

/** What the log says of a lane's frozen delivery; `undefined` when nothing is frozen. `now` in milliseconds. */
export function factsOfFrozen(lane: Lane, logDays: number, now: number): DeliveryNote["facts"] | undefined {
  const { frozen } = lane;
  if (frozen === undefined) return undefined;
  return {
    destination: deliveriesPartition(lane.workspace, lane.destination),
    delivery: frozen.id,
    lane: lane.lane,
    number: frozen.number,
    previousId: lane.previousId,
    parent: frozen.parent,
    format: frozen.format,
    contentVersion: frozen.contentVersion,
    count: frozen.count,
    first: lane.cursor,
    end: frozen.end,
    recorded: lane.recorded,
    createdAt: frozen.frozenAt,
    expiresAt: Math.ceil(now / 1000) + logDays * DAY_SECONDS,
  };
}

/** A lane's frozen delivery as far as the lane knows it: its row may have expired since the last attempt, or waits for the first. */
export function recordOfFrozen(lane: Lane, logDays: number, now: number): DeliveryRecord | undefined {
  const facts = factsOfFrozen(lane, logDays, now);
  return (
    facts && {
      ...facts,
      outcome: lane.status === "suspended" ? "suspend" : "retry",
      attempts: [],
      updatedAt: facts.createdAt,
      nextAttemptAt: lane.nextAttemptAt,
    }
  );
}

/** The note to write **before** a lane is moved away from what it has frozen; `undefined` when there is nothing to close. */
export function skippedNote(lane: Lane, logDays: number, now: number, at: string): DeliveryNote | undefined {
  const facts = factsOfFrozen(lane, logDays, now);
  return facts === undefined ? undefined : { facts, outcome: "skipped", at };
}
