import { type HttpAnswer, jsonAnswer } from "../adapters/http-api.ts";
import type { DeliveryAnswer } from "../core/api/delivery-api.ts";
import type { DeliveryRecord } from "../core/delivery/delivery-record.ts";
import type { Destination } from "../core/destination/destination.ts";
import type { Workspace } from "../core/workspace/entitlement.ts";
import type { Lane } from "../core/lane/state.ts";
import { wakeUpOf } from "../core/lane/wake-up.ts";
import { actorOf, type WebhookAction, webhookEvent } from "../core/destination/management-event.ts";
import type { Problem } from "../core/base/problem.ts";
import { countWanted } from "../core/lane/count-replay.ts";
import { windowOf } from "../core/lane/replay-window.ts";
import { visibleSince } from "../core/workspace/retention.ts";
import { transition } from "../core/lane/transition.ts";
import { type Call, refuse } from "./call.ts";
import { countRules, startReplay } from "./create-replay.ts";
import { presentDelivery, requireDelivery } from "./deliveries.ts";
import { AGAIN, storeLanes, untilCommitted } from "./commit-change.ts";
import type { ManageDependencies } from "./dependencies.ts";
import {
  destinationDisabled,
  requireDestination,
  requireEnabled,
  requireForwarding,
  requireWorkspace,
} from "./guards.ts";

interface Asked {
  workspace: Workspace;
  row: Destination;
  delivery: DeliveryRecord;
}

export async function retryDelivery(call: Call, dependencies: ManageDependencies): Promise<HttpAnswer> {
  const workspace = await requireWorkspace(call, dependencies);
  const row = await requireDestination(call, dependencies);
  const delivery = await requireDelivery(call, row, dependencies);
  requireForwarding(workspace, dependencies.settings);
  await requireEnabled(row, dependencies);
  const asked: Asked = { workspace, row, delivery };
  return untilCommitted(async () => {
    const lane = await openLane(row, delivery, dependencies);
    if (lane === undefined) return repeat(call, asked, dependencies);
    if (lane.status.kind === "disabled") refuse(destinationDisabled());
    const next = transition(lane, { kind: "retry-requested" });
    return order(call, asked, next, "delivery_retried", dependencies);
  });
}

export async function skipDelivery(call: Call, dependencies: ManageDependencies): Promise<HttpAnswer> {
  const workspace = await requireWorkspace(call, dependencies);
  const row = await requireDestination(call, dependencies);
  const delivery = await requireDelivery(call, row, dependencies);
  return untilCommitted(async () => {
    const lane = await openLane(row, delivery, dependencies);
    if (lane === undefined) refuse(closedAlready());
    if (lane.pending?.isSkipRequested === true) return jsonAnswer(202, presentAsked(delivery));
    // The delivery to be skipped is the one that the lane was suspended for, so the lane can resume.
    const awake = lane.status.kind === "suspended" ? transition(lane, { kind: "enabled" }) : lane;
    const next = transition(awake, { kind: "skip-requested" });
    return order(call, { workspace, row, delivery }, next, "delivery_skipped", dependencies);
  });
}

/** Presents the delivery without a next attempt, because it no longer waits for that time. */
function presentAsked(delivery: DeliveryRecord): DeliveryAnswer {
  return presentDelivery({ ...delivery, nextAttemptAt: undefined });
}

/** Returns the lane that has the delivery pending; `undefined` if the delivery is closed. */
async function openLane(
  { workspace, destination }: Destination,
  delivery: DeliveryRecord,
  { registry }: ManageDependencies,
): Promise<Lane | undefined> {
  const lane = await registry.readLane(workspace, destination, delivery.lane);
  return lane?.status.kind !== "ended" && lane?.pending?.id === delivery.delivery ? lane : undefined;
}

/** Sends the events of a closed delivery again by starting a replay of exactly these events, except expired ones. */
async function repeat(
  call: Call,
  { workspace, row, delivery }: Asked,
  dependencies: ManageDependencies,
): Promise<HttpAnswer> {
  const { first, end, count, createdAt, closedAt } = delivery;
  const { registry, journal, settings, clock } = dependencies;
  const since = visibleSince(workspace, settings.plans, clock());
  // A delivery of a replay skipped events outside of the replay's time range. Rows of an older version lack that range;
  // the lane may still have it.
  const lane = await registry.readLane(row.workspace, row.destination, delivery.lane);
  const laneRecorded = lane?.role.kind === "replay" ? lane.role.recorded : undefined;
  const range = { start: first, until: end, recorded: delivery.recorded ?? laneRecorded };
  const window = await windowOf(call.workspace, range, since, journal);
  const { events, exact } = await countWanted(window, countRules(row, since, dependencies), dependencies);
  if (events === 0) refuse(nothingToSend());
  const replay = await startReplay(
    call,
    { from: createdAt, to: closedAt ?? createdAt, delivery: delivery.delivery },
    window,
    { events: Math.min(events, count), exact },
    dependencies,
  );
  const path = call.request.path.replace(/\/deliveries\/.*$/, `/replays/${replay.replay}`);
  return jsonAnswer(202, presentDelivery(delivery), { location: path });
}

/** Stores an operation of the owner on an open delivery, sends a wake-up to its lane and returns the response. */
async function order(
  call: Call,
  { workspace, row, delivery }: Asked,
  next: Lane,
  action: WebhookAction,
  dependencies: ManageDependencies,
): Promise<HttpAnswer | typeof AGAIN> {
  const metadata = { delivery: delivery.delivery, number: delivery.number, events: delivery.count };
  const event = webhookEvent(action, actorOf(call.caller.subject), row, metadata);
  if ((await storeLanes(call, workspace, event, [next], dependencies)) === AGAIN) return AGAIN;
  await dependencies.wakeUps.send([wakeUpOf(next)]);
  return jsonAnswer(202, presentAsked(delivery));
}

function nothingToSend(): Problem {
  return {
    kind: "nothing-to-send",
    title: "Nothing of the delivery is left to send",
    status: 409,
    detail: "Its events have expired, or the destination's filter no longer lets them through.",
  };
}

function closedAlready(): Problem {
  return {
    kind: "delivery-closed",
    title: "The delivery is closed already",
    status: 409,
    detail: "Only a delivery whose outcome is `retry` or `suspend` can be skipped.",
  };
}
