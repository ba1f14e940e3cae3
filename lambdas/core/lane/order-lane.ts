import type { Lane } from "./lane.ts";
import type { Recorded } from "../journal/recorded-window.ts";
import { closeNumber, NOTHING_FROZEN } from "./close-number.ts";
import type { Position } from "../journal/page.ts";
import { registryItem } from "../base/table-schema.ts";
import { rangesBefore } from "../journal/range.ts";

export interface LaneStart {
  workspace: string;
  destination: string;
  /** `live`, or the id of a replay. */
  lane: string;
  cursor: Position;
  status: "live" | "disabled";
  createdAt: string;
  /** A replay's end, exclusive. */
  until?: Position;
  /** A replay's window. */
  recorded?: Recorded | undefined;
  eventsPerSecond?: number | undefined;
}

/** The row of a lane that has delivered nothing yet. */
export function newLane(start: LaneStart): Lane {
  return {
    workspace: start.workspace,
    item: registryItem.lane(start.destination, start.lane),
    destination: start.destination,
    lane: start.lane,
    status: start.status,
    version: 1,
    cursor: start.cursor,
    number: 1,
    previousId: "-",
    attempts: 0,
    until: start.until,
    recorded: start.recorded,
    consecutiveFailures: 0,
    eventsPerSecond: start.eventsPerSecond,
    createdAt: start.createdAt,
  };
}

/**
 * Enabled where it stopped: what was frozen keeps its number and is attempted at once, by a schedule that starts again.
 * A reason of suspension stays until deliver has told the owner that it is over, and what the owner heard of failing until a 2xx.
 * A slow lane stays with its queue, where a POST may be under way: the other queue would not wait for it. Ring after this is stored.
 */
export function resumeLane(lane: Lane): Lane {
  return {
    ...hurryLane(lane),
    status: "live",
    attempts: 0,
    firstAttemptAt: undefined,
    failingSince: undefined,
    consecutiveFailures: 0,
  };
}

/**
 * Enabled from another place. A frozen delivery's number closes as `skipped`: write its note (`skippedNote`) **before** the lane.
 * Ring the lane after this is stored.
 */
export function moveLane(lane: Lane, cursor: Position): Lane {
  const closed = lane.frozen === undefined ? lane : closeNumber(lane, lane.frozen);
  return {
    ...resumeLane(closed),
    ...NOTHING_FROZEN,
    cursor,
    // A larger window may show again what had expired, and from further back it is delivered.
    lapsed: lane.lapsed && rangesBefore(lane.lapsed, cursor),
    batchLimit: undefined,
    splitEnd: undefined,
    splitParent: undefined,
  };
}

/**
 * What enabling a destination changes of its replays, `live` being its lane until then. Suspended ones go on like it, and so do those
 * that stood still with it in the middle of their refusals: their schedules start again, too. Store these with it, then ring all.
 */
export function resumeReplays(live: Lane, replays: readonly Lane[]): Lane[] {
  const stoodStill = live.status === "disabled";
  const isResumed = ({ status, attempts }: Lane): boolean =>
    status === "suspended" || (status === "live" && stoodStill && attempts > 0);
  return replays.filter(isResumed).map(resumeLane);
}

/** By its owner. The cursor stands, and what is frozen keeps its number. */
export function disableLane(lane: Lane): Lane {
  return { ...lane, status: "disabled", nextAttemptAt: undefined, dueShard: undefined };
}

/** A cancelled replay delivers nothing more; the receiver may still see the one POST that is under way. */
export function cancelLane(lane: Lane): Lane {
  return { ...lane, status: "ended", nextAttemptAt: undefined, dueShard: undefined };
}

/**
 * The owner does not want to wait, or changed what would be sent: the next attempt is due now, also when one is under way that fails.
 * Ring after this is stored.
 */
export function hurryLane(lane: Lane): Lane {
  return { ...lane, nextAttemptAt: undefined, dueShard: undefined, hurried: (lane.hurried ?? 0) + 1 };
}

/** Marks the frozen delivery: deliver closes its number as `skipped` and passes its events. Ring after this is stored. */
export function markSkip(lane: Lane, number: number): Lane {
  return { ...lane, skip: number, nextAttemptAt: undefined, dueShard: undefined };
}
