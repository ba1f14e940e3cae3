import { createJournalWindow } from "./journal-window.ts";
import type { LanePorts } from "./lane-ports.ts";
import { apply, type LaneRun, store } from "./lane-run.ts";
import { carrierOf, isOutdated, isSlow, secondsLeft } from "./schedule.ts";
import { mayMove, type Step, takeStep } from "./step.ts";
import { type WakeUp, wakeUpOf } from "./wake-up.ts";

/** What to do with the wake-up message: delete it, or let the queue deliver it again after `seconds`. */
export type RunEnd = { kind: "done" } | { kind: "postpone"; seconds: number };

const DONE: RunEnd = { kind: "done" };
/** A run ends after this many deliveries, so that a backlog does not keep other lanes waiting. */
const STEPS_MAX = 30;

export interface RunInput {
  wakeUp: WakeUp;
  /** How often this wake-up has been received, from 1. */
  receives: number;
  /** When it was sent, milliseconds. */
  sentAt?: number | undefined;
  /** Whether another attempt would end within the invocation. */
  hasTime(): boolean;
}

/** Delivers events of a lane while there are any and time is left. Throws on a fault of ours; the queue then delivers the wake-up again. */
export async function runLane(input: RunInput, ports: LanePorts): Promise<RunEnd> {
  const { wakeUp, receives, hasTime } = input;
  const lane = await ports.lanes.readLane(wakeUp);
  if (lane === undefined || !mayMove(lane) || isOutdated(lane, input)) return DONE;
  const window = createJournalWindow(lane.workspace, ports);
  const run: LaneRun = { ports, lane, isStored: true, window, receives, visibleSince: "" };
  try {
    for (let steps = 0; steps < STEPS_MAX && hasTime(); steps++) {
      // Only one of the two queues serves a lane at a time. A wake-up from the other one is sent on to it.
      if (isSlow(run.lane) !== (wakeUp.slow === true)) break;
      const step = await takeStep(run);
      if (step !== "next") return await finish(run, step);
    }
    await store(run);
    if (mayMove(run.lane)) await ports.wakeUps.send([wakeUpOf(run.lane)]);
    return DONE;
  } catch (error) {
    await keepUnsettled(run);
    throw error;
  }
}

/** Stores that the receiver accepted a batch, so that a later fault of ours does not send it again. */
async function keepUnsettled(run: LaneRun): Promise<void> {
  if (run.unsettled === undefined) return;
  try {
    await store(run);
  } catch (error) {
    const { workspace, destination, lane } = run.lane;
    run.ports.log.error("lane.store-failed", { workspace, destination, lane }, error);
  }
}

async function finish(run: LaneRun, step: Step): Promise<RunEnd> {
  await store(run);
  const { lane, ports, receives } = run;
  const { status, pending } = lane;
  const wait = status.kind === "live" ? status.wait : undefined;
  if (step !== "wait" || wait === undefined || wait.carrier === "sweep") return DONE;
  const seconds = secondsLeft(wait, ports.clock());
  switch (carrierOf(seconds, { receives, isPause: pending === undefined })) {
    case "visibility":
      return { kind: "postpone", seconds };
    case "new-wake-up":
      await ports.wakeUps.send([wakeUpOf(lane)]);
      return DONE;
    case "sweep":
      apply(run, { kind: "wait-left-to-sweep" });
      await store(run);
      return DONE;
  }
}
