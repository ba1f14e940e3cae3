import {
  batchLimitOf,
  ended,
  expired,
  followLog,
  freeze,
  HOLD_MAX_SECONDS,
  parked,
  progressed,
  recut,
  skipped,
} from "./advance-lane.ts";
import { attemptDelivery, type Target } from "./attempt-delivery.ts";
import { toTimestamp } from "./clock.ts";
import { factsOfFrozen } from "./delivery-record.ts";
import { entitlementOf } from "./entitlement.ts";
import { compareWithFrozen, type Cut, type CutRules, extendCut, startCut } from "./freeze-delivery.ts";
import { newId } from "./ids.ts";
import { createJournalWindow } from "./journal-window.ts";
import { type Frozen, isSlow, type Lane, type Ring, ringOf } from "./lane.ts";
import {
  changeLane,
  type LanePorts,
  type LaneRun,
  settleFrozen,
  storeChanges,
  storeLane,
} from "./lane-run.ts";
import { comparePositions } from "./lane-step.ts";
import type { Position } from "./page.ts";
import { visibleSince } from "./retention.ts";
import { tellResumed } from "./tell-owner.ts";

/** What becomes of the ring: it is done with, or comes back after so many seconds. */
export type RunEnd = { kind: "done" } | { kind: "hold"; seconds: number };
type Step = "next" | "done" | "wait";

const DONE: RunEnd = { kind: "done" };
/** A run yields after so many deliveries, so that no backlog keeps others from their turn. */
const STEPS_MAX = 30;
/** Receives of a ring that refusals may use up; our own failures have the rest up to the dead-letter queue (10). */
const HELD_RECEIVES = 3;
/** Pages that one cut looks through for wanted events before its progress is stored. */
const PAGES_A_CUT = 50;

export interface RunInput {
  ring: Ring;
  /** How often this ring has been received, from 1. */
  receives: number;
  /** Whether another attempt would end within the invocation. */
  hasTime(): boolean;
}

/** Takes a lane forward while there is work and time. Throws when we broke: the ring then comes back. */
export async function runLane({ ring, receives, hasTime }: RunInput, ports: LanePorts): Promise<RunEnd> {
  const lane = await ports.lanes.readLane(ring);
  if (lane === undefined || !mayMove(lane)) return DONE;
  const run: LaneRun = {
    ports,
    lane,
    unstored: false,
    window: createJournalWindow(lane.workspace, ports),
    canHold: receives <= HELD_RECEIVES,
    visibleSince: "",
  };
  try {
    for (
      let steps = 0;
      steps < STEPS_MAX && hasTime() && isSlow(run.lane) === (ring.slow === true);
      steps++
    ) {
      const step = await takeStep(run);
      if (step !== "next") return await finish(run, step);
    }
    await storeChanges(run);
    if (mayMove(run.lane)) await ports.rings.ring([ringOf(run.lane)]);
    return DONE;
  } catch (error) {
    await keepClosing(run);
    throw error;
  }
}

/** Live, or told by its owner to pass what is frozen. */
function mayMove(lane: Lane): boolean {
  return lane.status === "live" || (lane.status !== "ended" && isSkipped(lane));
}

function isSkipped({ skip, frozen }: Lane): boolean {
  return frozen !== undefined && skip === frozen.number;
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

async function takeStep(run: LaneRun): Promise<Step> {
  const { lane, ports } = run;
  const { frozen } = lane;
  if (frozen !== undefined && isSkipped(lane)) return closeUnsent(run, frozen, "skipped");
  if (lane.status !== "live") return "done";
  if (isAtEnd(lane)) {
    changeLane(run, ended);
    return "done";
  }
  if (lane.suspendedReason !== undefined) return resume(run);
  if (lane.nextAttemptAt !== undefined && Date.parse(lane.nextAttemptAt) > ports.clock()) return "wait";
  // Before the destination is read: most rings find that an earlier one has done their work.
  const loading = run.window.load(lane.cursor, run.visibleSince);
  if (frozen === undefined && (await loading) === undefined) return "done";
  const [target] = await Promise.all([readTarget(run), loading]);
  if (target === undefined) return "done";
  return frozen === undefined ? freezeNext(run, target) : takeFrozen(run, target, frozen);
}

/** Enabled after a suspension: its owner is told, once deliveries do go on. */
async function resume(run: LaneRun): Promise<Step> {
  const target = await readTarget(run);
  if (target === undefined) return "done";
  await tellResumed(run.ports, target, run.lane, run.ports.clock());
  changeLane(run, (lane) => ({ ...lane, suspendedReason: undefined }));
  return "next";
}

function isAtEnd({ until, cursor, frozen }: Lane): boolean {
  return until !== undefined && frozen === undefined && comparePositions(cursor, until) >= 0;
}

/** Read after the lane: a change of filter bumps the lane's version, so a write by what was read before it fails. */
async function readTarget(run: LaneRun): Promise<Target | undefined> {
  const { ports, lane } = run;
  const [destination, workspace] = await Promise.all([
    ports.destinations.readDestination(lane.workspace, lane.destination),
    ports.workspaces.readWorkspace(lane.workspace),
  ]);
  if (destination === undefined || workspace === undefined) return undefined;
  const { plans } = ports.settings;
  if (entitlementOf(workspace, plans)?.forwarding !== true) return undefined;
  run.visibleSince = visibleSince(workspace, plans, ports.clock());
  return { destination, workspace };
}

function rulesFor(run: LaneRun, { destination }: Target): Omit<CutRules, "maxEvents" | "stop"> {
  const { clock, settings } = run.ports;
  return {
    destination: destination.destination,
    eventTypes: destination.eventTypes,
    eventTypePrefix: settings.eventTypePrefix,
    visibleSince: run.visibleSince,
    now: clock(),
  };
}

async function cutEvents(run: LaneRun, cursor: Position, rules: CutRules): Promise<Cut> {
  let cut = startCut(cursor);
  for (let pages = 0; pages < PAGES_A_CUT && !cut.isComplete; pages++) {
    const loaded = await run.window.load(cut.seen, rules.visibleSince);
    if (loaded === undefined) break;
    cut = extendCut(cut, loaded, rules);
  }
  return cut;
}

async function freezeNext(run: LaneRun, target: Target): Promise<Step> {
  const { lane, ports } = run;
  const { format, contentVersion } = target.destination;
  const maxEvents = batchLimitOf(lane, format);
  const stop = lane.splitEnd ?? lane.until;
  const cut = await cutEvents(run, lane.cursor, { ...rulesFor(run, target), maxEvents, stop });
  if (cut.ids.length === 0) {
    if (comparePositions(cut.end, lane.cursor) <= 0) return "done";
    changeLane(run, (current) => progressed(current, cut.end));
    return "next";
  }
  const now = ports.clock();
  const id = newId("whd_", now, ports.random);
  const facts = { id, frozenAt: toTimestamp(now), format, contentVersion };
  if (!(await storeLane(run, freeze(lane, cut, facts)))) return "next";
  const { frozen } = run.lane;
  if (frozen !== undefined) await attemptDelivery(run, target, frozen, cut);
  return "next";
}

/** The delivery that was frozen, put together again: the same events or another number. */
async function takeFrozen(run: LaneRun, target: Target, frozen: Frozen): Promise<Step> {
  if (frozen.contentVersion !== target.destination.contentVersion) return closeUnsent(run, frozen, "recut");
  const rules = { ...rulesFor(run, target), maxEvents: Number.MAX_SAFE_INTEGER, stop: frozen.end };
  const cut = await cutEvents(run, run.lane.cursor, rules);
  const comparison = compareWithFrozen(cut, frozen);
  if (comparison !== "same") return closeUnsent(run, frozen, comparison);
  await attemptDelivery(run, target, frozen, cut);
  return "next";
}

const CLOSINGS = { skipped, recut, expired } as const;

/** Closes a number without another POST: first the record, then the lane. */
async function closeUnsent(run: LaneRun, frozen: Frozen, outcome: keyof typeof CLOSINGS): Promise<Step> {
  const { ports, lane } = run;
  const now = ports.clock();
  const facts = factsOfFrozen(lane, ports.settings.logDays, now);
  const logged =
    facts === undefined ? outcome : await ports.deliveries.note({ facts, outcome, at: toTimestamp(now) });
  settleFrozen(
    run,
    frozen.id,
    (current) => followLog(current, frozen, logged) ?? CLOSINGS[outcome](current, frozen),
  );
  const { workspace, destination } = lane;
  ports.log.info("delivery.closed", {
    workspace,
    destination,
    lane: lane.lane,
    delivery: frozen.id,
    number: frozen.number,
    outcome,
  });
  return "next";
}

async function finish(run: LaneRun, step: Step): Promise<RunEnd> {
  await storeChanges(run);
  const { lane, ports, canHold } = run;
  if (step !== "wait" || lane.nextAttemptAt === undefined || lane.dueShard !== undefined) return DONE;
  const seconds = Math.max(1, Math.ceil((Date.parse(lane.nextAttemptAt) - ports.clock()) / 1000));
  if (canHold && seconds <= HOLD_MAX_SECONDS) return { kind: "hold", seconds };
  // A capped replay pauses after each delivery: a new ring, which has not been received yet, carries its next pause.
  if (lane.frozen === undefined && seconds <= HOLD_MAX_SECONDS) await ports.rings.ring([ringOf(lane)]);
  else await storeLane(run, parked(lane));
  return DONE;
}
