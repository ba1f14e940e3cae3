import { toTimestamp } from "../base/clock.ts";
import { newId } from "../base/ids.ts";
import { LIVE_LANE } from "../base/table-schema.ts";
import { formatOf } from "../formats/known-formats.ts";
import { comparePositions } from "../journal/page.ts";
import { entitlementOf } from "../workspace/entitlement.ts";
import { visibleSince } from "../workspace/retention.ts";
import { attemptDelivery } from "./attempt.ts";
import {
  batchLimitOf,
  type BatchSelection,
  compareWithPending,
  extendSelection,
  selectedBatch,
  type SelectionRules,
  startSelection,
} from "./batch.ts";
import { closedInLog, factsOfPending } from "./delivery-facts.ts";
import type { ClosedOutcome } from "./lane-event.ts";
import { apply, type LaneRun, store } from "./lane-run.ts";
import { notifyResumed, notifySuspended, type Target } from "./notices.ts";
import { waitOf } from "./schedule.ts";
import type { Lane, PendingBatch, SuspendedStatus } from "./state.ts";

/** The result of a step: there may be more to do, there is nothing to do, or the lane waits for its next attempt. */
export type Step = "next" | "done" | "wait";

/** Pages that one selection examines for wanted events before its progress is stored. */
const PAGES_A_SELECTION = 50;

/**
 * Whether a run may change the lane: it is live, its owner asked to skip the pending batch, or a notice has to be sent.
 */
export function mayMove({ status, pending }: Lane): boolean {
  if (status.kind === "live") return true;
  if (status.kind === "suspended" && status.notice !== undefined) return true;
  return status.kind !== "ended" && pending?.isSkipRequested === true;
}

/** Takes the next step of a lane, with at most one POST. */
export async function takeStep(run: LaneRun): Promise<Step> {
  const { lane, ports } = run;
  const { status, pending } = lane;
  if (!mayMove(lane)) return "done";
  if (pending?.isSkipRequested === true) return closeUnsent(run, pending, "skipped");
  if (status.kind === "suspended") return announceSuspension(run, status);
  if (status.kind !== "live") return "done";
  if (isAtEnd(lane)) {
    apply(run, { kind: "replay-ended" });
    return "done";
  }
  if (status.resumedFrom !== undefined) return announceResumption(run, status.resumedFrom);
  if (waitOf(lane, ports.clock()) !== undefined) return "wait";
  // Loaded before the destination is read, because most wake-ups find that an earlier one has done their work.
  const loading = run.window.load(lane.cursor, run.visibleSince);
  if (pending === undefined && (await loading) === undefined) {
    apply(run, { kind: "caught-up" });
    return "done";
  }
  const [target] = await Promise.all([readOpenTarget(run), loading]);
  if (target === undefined) return standStill(run);
  return pending === undefined ? selectNext(run, target) : takePending(run, target, pending);
}

function isAtEnd({ role, cursor, pending }: Lane): boolean {
  return role.kind === "replay" && pending === undefined && comparePositions(cursor, role.until) >= 0;
}

/** The destination is gone, its workspace lost forwarding, or a replay waits until its destination is enabled. */
function standStill(run: LaneRun): Step {
  apply(run, { kind: "closed-to-delivery" });
  return "done";
}

/**
 * The suspension was stored before its notice is sent, so that a crash neither loses the notice nor sends a false one.
 */
async function announceSuspension(run: LaneRun, { reason, notice }: SuspendedStatus): Promise<Step> {
  if (notice === undefined) return "done";
  const target = await readTarget(run);
  const now = run.ports.clock();
  const isNotified =
    target !== undefined && (await notifySuspended(run.ports, target, run.lane, { reason, notice, now }));
  apply(run, isNotified ? { kind: "suspension-notified" } : { kind: "suspension-notice-failed", now });
  return "done";
}

/** After a suspension the owner is notified once deliveries really continue. */
async function announceResumption(run: LaneRun, reason: string): Promise<Step> {
  const target = await readOpenTarget(run);
  if (target === undefined) return standStill(run);
  await notifyResumed(run.ports, target, run.lane, { reason, now: run.ports.clock() });
  apply(run, { kind: "resumption-notified" });
  return "next";
}

/**
 * Read after the lane: a change of the filter increments the lane's version, so that a write based on an older filter
 * fails.
 */
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

/** The target of a POST. A replay sends nothing while its destination is disabled, which its live lane says. */
async function readOpenTarget(run: LaneRun): Promise<Target | undefined> {
  const { ports, lane } = run;
  if (lane.role.kind === "live") return readTarget(run);
  const [target, live] = await Promise.all([
    readTarget(run),
    ports.lanes.readLane({ workspace: lane.workspace, destination: lane.destination, lane: LIVE_LANE }),
  ]);
  return live?.status.kind === "disabled" ? undefined : target;
}

/** Selects events from the lane's cursor on that the destination wants, at most `maxEvents` and up to `stop`. */
async function selectEvents(
  run: LaneRun,
  { destination }: Target,
  limits: Pick<SelectionRules, "maxEvents" | "stop"> & Partial<Pick<SelectionRules, "maxBytes">>,
): Promise<BatchSelection> {
  const { ports, lane, visibleSince: since } = run;
  const format = formatOf(destination.format);
  const rules: SelectionRules = {
    destination: destination.destination,
    eventTypes: destination.eventTypes,
    eventTypePrefix: ports.settings.eventTypePrefix,
    visibleSince: since,
    recorded: lane.role.kind === "replay" ? lane.role.recorded : undefined,
    now: ports.clock(),
    maxBytes: format.limits.bytes - format.size.frame,
    sizeOf: format.size.event,
    ...limits,
  };
  let selection = startSelection(lane.cursor);
  for (let pages = 0; pages < PAGES_A_SELECTION && !selection.isComplete; pages++) {
    const loaded = await run.window.load(selection.seen, since);
    if (loaded === undefined) break;
    selection = extendSelection(selection, loaded, rules);
  }
  return selection;
}

async function selectNext(run: LaneRun, target: Target): Promise<Step> {
  const { lane, ports } = run;
  const { role, halves, cursor } = lane;
  const { format, contentVersion } = target.destination;
  const stop = halves?.end ?? (role.kind === "replay" ? role.until : undefined);
  const selection = await selectEvents(run, target, { maxEvents: batchLimitOf(lane, format), stop });
  const { begin, end, expired } = selection;
  if (begin === undefined) {
    const isAnyPassed = comparePositions(end, cursor) > 0;
    apply(run, isAnyPassed ? { kind: "progressed", to: end, expired } : { kind: "caught-up" });
    return isAnyPassed ? "next" : "done";
  }
  const now = ports.clock();
  const id = newId("whd_", now, ports.random);
  const facts = { id, selectedAt: toTimestamp(now), format, contentVersion };
  apply(run, { kind: "batch-selected", batch: selectedBatch(selection, facts), begin, expired });
  if (!(await store(run))) return "next";
  const { pending } = run.lane;
  if (pending !== undefined) await attemptDelivery(run, target, pending, selection);
  return "next";
}

/** Selects the events of the pending batch again. If they differ, its number closes and another batch is selected. */
async function takePending(run: LaneRun, target: Target, pending: PendingBatch): Promise<Step> {
  if (pending.contentVersion !== target.destination.contentVersion) return closeUnsent(run, pending, "recut");
  // Only its end counts, so that a version with other limits sends the same events.
  const limits = {
    maxEvents: Number.MAX_SAFE_INTEGER,
    maxBytes: Number.MAX_SAFE_INTEGER,
    stop: pending.end,
  };
  const selection = await selectEvents(run, target, limits);
  const comparison = compareWithPending(selection, pending);
  if (comparison !== "same") return closeUnsent(run, pending, comparison);
  await attemptDelivery(run, target, pending, selection);
  return "next";
}

/**
 * Closes a number without another POST: first in the log, then on the lane. If the log has closed it before, the lane
 * follows the log.
 */
async function closeUnsent(run: LaneRun, pending: PendingBatch, outcome: ClosedOutcome): Promise<Step> {
  const { ports, lane } = run;
  const now = ports.clock();
  const facts = factsOfPending(lane, pending, ports.settings.logDays, now);
  const logged = await ports.deliveries.note({ facts, outcome, at: toTimestamp(now) });
  apply(run, { kind: "closed", delivery: pending.id, outcome: closedInLog(logged) ?? outcome });
  const { workspace, destination, number } = lane;
  ports.log.info("delivery.closed", {
    workspace,
    destination,
    lane: lane.lane,
    delivery: pending.id,
    number,
    outcome,
  });
  return "next";
}
