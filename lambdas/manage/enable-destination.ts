import { type HttpAnswer, jsonAnswer } from "../adapters/http-api.ts";
import { destinationOperations } from "../core/api/destination-operations.ts";
import { invalidField } from "../core/base/invalid-field.ts";
import { toTimestamp } from "../core/base/clock.ts";
import type { Destination } from "../core/destination/destination.ts";
import type { Workspace } from "../core/workspace/entitlement.ts";
import type { Lane } from "../core/lane/state.ts";
import { wakeUpOf } from "../core/lane/wake-up.ts";
import { LIVE_LANE } from "../core/base/table-schema.ts";
import { actorOf, webhookEvent } from "../core/destination/management-event.ts";
import type { Position } from "../core/journal/page.ts";
import { visibleSince } from "../core/workspace/retention.ts";
import { placeAt, placeNow } from "../core/lane/place-in-journal.ts";
import { resumeReplays, transition } from "../core/lane/transition.ts";
import { type Call, readOptionalBody, refuse } from "./call.ts";
import { AGAIN, storeLanes, untilCommitted } from "./commit-change.ts";
import type { ManageDependencies } from "./dependencies.ts";
import { logSkipped } from "./log-skipped.ts";
import { requireDestination, requireForwarding, requireLiveLane, requireWorkspace } from "./guards.ts";
import { etagOf, presentDestination } from "./present-destination.ts";

/** How far a caller's clock may be ahead of this one. */
const CLOCKS_APART_MS = 60_000;

export async function enableDestination(call: Call, dependencies: ManageDependencies): Promise<HttpAnswer> {
  const { from } = readOptionalBody(call, destinationOperations.enableDestination.body);
  requirePast(from, dependencies);
  const workspace = await requireWorkspace(call, dependencies);
  const row = await requireDestination(call, dependencies);
  requireForwarding(workspace, dependencies.settings);
  return untilCommitted(async () => {
    const lane = await requireLiveLane(row, dependencies);
    // Read before the lane is written with this position, so that no event is missed.
    const place = await placeOf(from, workspace, dependencies);
    const replays = await openReplays(row, dependencies);
    const resumed = resumeReplays(lane, replays);
    const isUnchanged = place === undefined && lane.status.kind === "live";
    if (isUnchanged && resumed.length === 0) return answer(row, lane, dependencies);
    const next = isUnchanged ? lane : await enabledLane(lane, place, dependencies);
    const metadata = {
      from,
      startsAt: next.cursor,
      ...(resumed.length > 0 && { replays: resumed.map((replay) => replay.lane) }),
    };
    const event = webhookEvent("enabled", actorOf(call.caller.subject), row, metadata);
    // An unchanged live lane is not written: it moves several times a second, and each move would make this transaction
    // conflict.
    const lanes = isUnchanged ? resumed : [next, ...resumed];
    const stored = await storeLanes(call, workspace, event, lanes, dependencies);
    if (stored === AGAIN) return AGAIN;
    await dependencies.wakeUps.send([next, ...replays].map(wakeUpOf));
    return answer(row, next, dependencies);
  });
}

export async function disableDestination(call: Call, dependencies: ManageDependencies): Promise<HttpAnswer> {
  const workspace = await requireWorkspace(call, dependencies);
  const row = await requireDestination(call, dependencies);
  const event = webhookEvent("disabled", actorOf(call.caller.subject), row);
  const lane = await untilCommitted(async () => {
    const current = await requireLiveLane(row, dependencies);
    if (current.status.kind === "disabled") return current;
    const next = transition(current, { kind: "disabled" });
    const stored = await storeLanes(call, workspace, event, [next], dependencies);
    return stored === AGAIN ? AGAIN : next;
  });
  return jsonAnswer(200, await presentDestination(row, dependencies, lane), etagOf(row));
}

async function enabledLane(
  lane: Lane,
  place: Position | undefined,
  dependencies: ManageDependencies,
): Promise<Lane> {
  if (place === undefined) return transition(lane, { kind: "enabled" });
  await logSkipped(lane, dependencies);
  return transition(lane, { kind: "moved", to: place });
}

/** Returns the lanes of the destination's replays that have not ended. */
async function openReplays(
  { workspace, destination }: Destination,
  { registry }: ManageDependencies,
): Promise<Lane[]> {
  const lanes = await registry.listLanes(workspace);
  return lanes.filter(
    (lane) => lane.destination === destination && lane.lane !== LIVE_LANE && lane.status.kind !== "ended",
  );
}

/** Refuses a time in the future, which would act like `now` and skip all waiting events. */
function requirePast(from: string, { clock }: ManageDependencies): void {
  const latest = clock() + CLOCKS_APART_MS;
  const must = 'must not lie in the future: send "now" to begin with what is recorded from now on';
  if (Date.parse(from) > latest) refuse(invalidField("from", must, toTimestamp(latest)));
}

/** Returns where deliveries begin; `undefined` means where they stopped. Expired events cannot be delivered. */
async function placeOf(
  from: string,
  workspace: Workspace,
  { journal, settings, clock }: ManageDependencies,
): Promise<Position | undefined> {
  if (from === "where-it-stopped") return undefined;
  if (from === "now") return placeNow(workspace.workspace, journal);
  const since = visibleSince(workspace, settings.plans, clock());
  const time = toTimestamp(Date.parse(from));
  return placeAt(workspace.workspace, time > since ? time : since, journal);
}

async function answer(row: Destination, lane: Lane, dependencies: ManageDependencies): Promise<HttpAnswer> {
  const shown = await presentDestination(row, dependencies, lane);
  return jsonAnswer(200, { ...shown, startsAt: lane.cursor }, etagOf(row));
}
