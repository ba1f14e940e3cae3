import type { JournalWindow } from "./journal-window.ts";
import type { Lane } from "./lane.ts";
import type { LanePorts } from "./lane-ports.ts";
import { TrailcastError } from "../base/trailcast-error.ts";

type Change = (lane: Lane) => Lane;

/**
 * One run of a lane. `lane` is the row as this run sees it: stored, or ahead of the table by `unstored` changes, which go into the
 * next write. `closing` is the one of them that must not be lost with a write that comes too late: it holds for delivery `id`.
 */
export interface LaneRun {
  ports: LanePorts;
  lane: Lane;
  unstored: boolean;
  closing?: { id: string; change: Change } | undefined;
  window: JournalWindow;
  /** Whether the ring may come back for a short wait, or has been received so often that the sweep is to ring instead. */
  canHold: boolean;
  /** Of the last look at the workspace. */
  visibleSince: string;
}

/** The row kept changing under us. The ring comes back. */
export class ContendedLaneError extends TrailcastError {
  override name = "ContendedLaneError";
}

const TRIES = 5;

/** Changes the lane as this run sees it; the next write stores it. */
export function changeLane(run: LaneRun, change: Change): void {
  run.lane = change(run.lane);
  run.unstored = true;
}

/** Changes what becomes of the frozen delivery. Its record must have been written. */
export function settleFrozen(run: LaneRun, id: string, change: Change): void {
  changeLane(run, change);
  run.closing = { id, change };
}

/** One conditional write. `false`: the row had changed; the run has looked again, and its closing still counts if it can. */
export async function storeLane(run: LaneRun, next: Lane): Promise<boolean> {
  const stored = await run.ports.lanes.replaceLane(next);
  if (stored === "stale") {
    await lookAgain(run);
    return false;
  }
  stand(run, stored);
  return true;
}

/** Stores what is not stored yet. */
export async function storeChanges(run: LaneRun): Promise<void> {
  if (run.unstored) await storeLane(run, run.lane);
}

function stand(run: LaneRun, lane: Lane): void {
  run.lane = lane;
  run.unstored = false;
  run.closing = undefined;
}

// The owner marked, disabled or moved the lane, or another run took it on. What the receiver said of a delivery that is still frozen
// counts under any other change; once its number has closed, the record says it and the lane has nothing to add.
async function lookAgain(run: LaneRun): Promise<void> {
  const { lanes } = run.ports;
  for (let tries = 0; tries < TRIES; tries++) {
    const lane = await lanes.readLane(run.lane);
    if (lane === undefined) return stand(run, { ...run.lane, status: "ended" });
    const { closing } = run;
    if (closing === undefined || lane.frozen?.id !== closing.id) return stand(run, lane);
    const stored = await lanes.replaceLane(closing.change(lane));
    if (stored !== "stale") return stand(run, stored);
  }
  throw new ContendedLaneError(`A lane changed ${TRIES} times while a delivery was being settled`);
}
