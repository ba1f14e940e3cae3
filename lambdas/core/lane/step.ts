import {
  batchLimitOf,
  ended,
  expired,
  followLog,
  freeze,
  lapsed,
  progressed,
  recut,
  rested,
  skipped,
  told,
  toldLater,
  unrung,
} from "./advance-lane.ts";
import { attemptDelivery, type Target } from "./attempt-delivery.ts";
import { toTimestamp } from "../base/clock.ts";
import { factsOfFrozen } from "./delivery-facts.ts";
import { entitlementOf } from "../workspace/entitlement.ts";
import { compareWithFrozen, type Cut, type CutRules, extendCut, startCut } from "./freeze-delivery.ts";
import { formatOf } from "../formats/known-formats.ts";
import { newId } from "../base/ids.ts";
import type { Frozen, Lane } from "./lane.ts";
import { LIVE_LANE } from "../base/table-schema.ts";
import { changeLane, type LaneRun, settleFrozen, storeLane } from "./lane-writes.ts";
import { comparePositions, type Position } from "../journal/page.ts";
import { visibleSince } from "../workspace/retention.ts";
import { tellResumed, tellSuspended } from "./tell-owner.ts";

/** What a step of a lane came to: there may be more, there is nothing to do, or the lane waits for its next attempt. */
export type Step = "next" | "done" | "wait";

/** Pages that one cut looks through for wanted events before its progress is stored. */
const PAGES_A_CUT = 50;

/** Live, told by its owner to pass what is frozen, or with something to tell its owner. */
export function mayMove(lane: Lane): boolean {
  return lane.status === "live" || (lane.status !== "ended" && isSkipped(lane)) || isUntold(lane);
}

function isUntold(lane: Lane): lane is Lane & { untold: number } {
  return lane.status === "suspended" && lane.untold !== undefined;
}

function isSkipped({ skip, frozen }: Lane): boolean {
  return frozen !== undefined && skip === frozen.number;
}

/** Does the next thing that a lane asks for: at most one POST. */
export async function takeStep(run: LaneRun): Promise<Step> {
  const { lane, ports } = run;
  const { frozen } = lane;
  if (frozen !== undefined && isSkipped(lane)) return closeUnsent(run, frozen, "skipped");
  if (isUntold(lane)) return suspend(run, lane);
  if (lane.status !== "live") return "done";
  if (isAtEnd(lane)) {
    changeLane(run, ended);
    return "done";
  }
  if (lane.suspendedReason !== undefined) return resume(run);
  if (lane.nextAttemptAt !== undefined && Date.parse(lane.nextAttemptAt) > ports.clock()) return "wait";
  // Before the destination is read: most rings find that an earlier one has done their work.
  const loading = run.window.load(lane.cursor, run.visibleSince);
  if (frozen === undefined && (await loading) === undefined) return rest(run);
  const [target] = await Promise.all([readOpenTarget(run), loading]);
  if (target === undefined) return standStill(run);
  return frozen === undefined ? freezeNext(run, target) : takeFrozen(run, target, frozen);
}

/** Told after the suspension is stored: no crash loses the notice, and nobody hears of one that did not come to be. */
async function suspend(run: LaneRun, lane: Lane & { untold: number }): Promise<Step> {
  const target = await readTarget(run);
  const now = run.ports.clock();
  const isTold = target !== undefined && (await tellSuspended(run.ports, target, lane, now));
  changeLane(run, (current) => (isTold ? told(current) : toldLater(current, now)));
  return "done";
}

/** Enabled after a suspension: its owner is told, once deliveries do go on. */
async function resume(run: LaneRun): Promise<Step> {
  const target = await readOpenTarget(run);
  if (target === undefined) return standStill(run);
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

/** The same for a POST: a replay makes none while its destination is disabled, which the live lane says. */
async function readOpenTarget(run: LaneRun): Promise<Target | undefined> {
  const { ports, lane } = run;
  if (lane.lane === LIVE_LANE) return readTarget(run);
  const [target, live] = await Promise.all([
    readTarget(run),
    ports.lanes.readLane({ workspace: lane.workspace, destination: lane.destination, lane: LIVE_LANE }),
  ]);
  return live?.status === "disabled" ? undefined : target;
}

function rulesFor(run: LaneRun, { destination }: Target): Omit<CutRules, "maxEvents" | "stop"> {
  const { clock, settings } = run.ports;
  const { limits, size } = formatOf(destination.format);
  return {
    destination: destination.destination,
    eventTypes: destination.eventTypes,
    eventTypePrefix: settings.eventTypePrefix,
    visibleSince: run.visibleSince,
    recorded: run.lane.recorded,
    now: clock(),
    maxBytes: limits.bytes - size.frame,
    sizeOf: size.event,
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

/** The destination is gone, its workspace lost forwarding, or a replay waits until its destination is enabled: who does that rings. */
function standStill(run: LaneRun): Step {
  if (run.lane.dueShard !== undefined) changeLane(run, unrung);
  return "done";
}

/** Nothing to send: no schedule goes on. */
function rest(run: LaneRun): Step {
  const { firstAttemptAt, dueShard, failingSince } = run.lane;
  const isAny = [firstAttemptAt, dueShard, failingSince].some((mark) => mark !== undefined);
  if (isAny) changeLane(run, rested);
  return "done";
}

async function freezeNext(run: LaneRun, target: Target): Promise<Step> {
  const { lane, ports } = run;
  const { format, contentVersion } = target.destination;
  const maxEvents = batchLimitOf(lane, format);
  const stop = lane.splitEnd ?? lane.until;
  const cut = await cutEvents(run, lane.cursor, { ...rulesFor(run, target), maxEvents, stop });
  if (cut.ids.length === 0) {
    if (comparePositions(cut.end, lane.cursor) <= 0) return rest(run);
    changeLane(run, (current) => progressed(lapsed(current, cut), cut.end));
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
  // Only its end counts: a version with other limits sends it as it was.
  const limits = { maxEvents: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };
  const rules = { ...rulesFor(run, target), ...limits, stop: frozen.end };
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
