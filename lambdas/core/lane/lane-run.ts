import { TrailcastError } from "../base/trailcast-error.ts";
import type { JournalWindow } from "./journal-window.ts";
import type { LaneEvent, SettlingEvent } from "./lane-event.ts";
import type { LanePorts } from "./lane-ports.ts";
import type { Lane } from "./state.ts";
import { transition } from "./transition.ts";

/**
 * One run of a lane. `lane` is the lane as this run sees it: stored, or ahead of the table by changes that go into the next write.
 * `unsettled` is the one of them that must not be lost if that write comes too late: what became of the pending batch.
 */
export interface LaneRun {
  ports: LanePorts;
  lane: Lane;
  isStored: boolean;
  unsettled?: SettlingEvent | undefined;
  window: JournalWindow;
  /** How often the wake-up has been received, from 1. */
  receives: number;
  /** As of the last look at the workspace; what was recorded before has expired. */
  visibleSince: string;
}

/** Thrown by a run whose lane kept changing under it. The wake-up comes back. */
export class ContendedLaneError extends TrailcastError {
  override name = "ContendedLaneError";
}

const TRIES = 5;

/** Changes the lane as this run sees it; the next write stores it. */
export function apply(run: LaneRun, event: LaneEvent): void {
  const next = transition(run.lane, event);
  if (next !== run.lane) run.isStored = false;
  run.lane = next;
  if ("delivery" in event) run.unsettled = event;
}

/**
 * Stores what is not stored yet by one conditional write. `false`: the row had changed. The run has then read it again, and only
 * what became of the pending batch still counts, if that batch is still pending.
 */
export async function store(run: LaneRun): Promise<boolean> {
  if (run.isStored) return true;
  const stored = await run.ports.lanes.replaceLane(run.lane);
  if (stored === "stale") await readAgain(run);
  else adopt(run, stored);
  return stored !== "stale";
}

function adopt(run: LaneRun, lane: Lane): void {
  run.lane = lane;
  run.isStored = true;
  run.unsettled = undefined;
}

// The owner changed the lane, or another run took it on. Once the pending batch's number has closed, the log says what became of it.
async function readAgain(run: LaneRun): Promise<void> {
  const { lanes } = run.ports;
  for (let tries = 0; tries < TRIES; tries++) {
    const lane = await lanes.readLane(run.lane);
    if (lane === undefined) return adopt(run, transition(run.lane, { kind: "removed" }));
    const { unsettled } = run;
    if (unsettled === undefined || lane.pending?.id !== unsettled.delivery) return adopt(run, lane);
    const stored = await lanes.replaceLane(transition(lane, unsettled));
    if (stored !== "stale") return adopt(run, stored);
  }
  throw new ContendedLaneError(`A lane changed ${TRIES} times while a delivery was being settled`);
}
