import { HOLD_MAX_SECONDS, parked } from "./advance-lane.ts";
import { createJournalWindow } from "./journal-window.ts";
import { isSlow, type Lane, type WakeUp, wakeUpOf } from "./lane.ts";
import type { LanePorts } from "./lane-ports.ts";
import { type LaneRun, storeChanges, storeLane } from "./lane-writes.ts";
import { mayMove, type Step, takeStep } from "./take-step.ts";

/** What becomes of the ring: it is done with, or comes back after so many seconds. */
export type RunEnd = { kind: "done" } | { kind: "hold"; seconds: number };

const DONE: RunEnd = { kind: "done" };
/** A run yields after so many deliveries, so that no backlog keeps others from their turn. */
const STEPS_MAX = 30;
/** Receives of a ring that refusals may use up; our own failures have the rest up to the dead-letter queue (10). */
const HELD_RECEIVES = 3;
/** How far SQS's clock and ours may be apart. */
const CLOCKS_APART_MS = 1000;

export interface RunInput {
  wakeUp: WakeUp;
  /** How often this ring has been received, from 1. */
  receives: number;
  /** When it was sent, milliseconds. */
  sentAt?: number | undefined;
  /** Whether another attempt would end within the invocation. */
  hasTime(): boolean;
}

/** Takes a lane forward while there is work and time. Throws when we broke: the ring then comes back. */
export async function runLane(input: RunInput, ports: LanePorts): Promise<RunEnd> {
  const { wakeUp, receives, hasTime } = input;
  const lane = await ports.lanes.readLane(wakeUp);
  if (lane === undefined || !mayMove(lane) || isOutdated(input, lane)) return DONE;
  const run: LaneRun = {
    ports,
    lane,
    unstored: false,
    window: createJournalWindow(lane.workspace, ports),
    canHold: receives <= HELD_RECEIVES,
    visibleSince: "",
  };
  try {
    for (let steps = 0; steps < STEPS_MAX && hasTime(); steps++) {
      // One queue at a time looks after a lane: the other one's rings are passed on.
      if (isSlow(run.lane) !== (wakeUp.slow === true)) break;
      const step = await takeStep(run);
      if (step !== "next") return await finish(run, step);
    }
    await storeChanges(run);
    if (mayMove(run.lane)) await ports.wakeUps.send([wakeUpOf(run.lane)]);
    return DONE;
  } catch (error) {
    await keepClosing(run);
    throw error;
  }
}

/**
 * A ring from before the lane's latest delivery was frozen: that delivery's run goes on until it finds nothing, waits or has rung, and
 * if it died, its own ring comes back, which was received before and counts. Without this the rings of events that are recorded faster
 * than a slow receiver answers would pile up, each with a delivery's time to take.
 */
function isOutdated({ receives, sentAt }: RunInput, { lookedAt }: Lane): boolean {
  if (receives > 1 || sentAt === undefined || lookedAt === undefined) return false;
  return sentAt + CLOCKS_APART_MS < Date.parse(lookedAt);
}

/** What the receiver has taken is not sent again because of what broke afterwards. */
async function keepClosing(run: LaneRun): Promise<void> {
  if (run.closing === undefined) return;
  try {
    await storeChanges(run);
  } catch (error) {
    const { workspace, destination, lane } = run.lane;
    run.ports.log.error("lane.unstored", { workspace, destination, lane }, error);
  }
}

async function finish(run: LaneRun, step: Step): Promise<RunEnd> {
  await storeChanges(run);
  const { lane, ports, canHold } = run;
  if (step !== "wait" || lane.nextAttemptAt === undefined || lane.dueShard !== undefined) return DONE;
  const seconds = Math.max(1, Math.ceil((Date.parse(lane.nextAttemptAt) - ports.clock()) / 1000));
  if (canHold && seconds <= HOLD_MAX_SECONDS) return { kind: "hold", seconds };
  // A capped replay pauses after each delivery: a new ring, which has not been received yet, carries its next pause.
  if (lane.frozen === undefined && seconds <= HOLD_MAX_SECONDS) await ports.wakeUps.send([wakeUpOf(lane)]);
  else await storeLane(run, parked(lane));
  return DONE;
}
