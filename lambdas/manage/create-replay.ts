import { type HttpAnswer, jsonAnswer } from "../adapters/http-api.ts";
import { deliveryOperations } from "../core/api/delivery-operations.ts";
import { invalidField } from "../core/base/invalid-field.ts";
import { toTimestamp } from "../core/base/clock.ts";
import type { Destination } from "../core/destination/destination.ts";
import type { PostedEvent } from "../core/entry/event-schema.ts";
import { newId } from "../core/base/ids.ts";
import { type Lane, newLane } from "../core/lane/state.ts";
import { wakeUpOf } from "../core/lane/wake-up.ts";
import { actorOf, webhookEvent } from "../core/destination/management-event.ts";
import { buildOwnEntry } from "../core/entry/own-entry.ts";
import type { Problem } from "../core/base/problem.ts";
import { type Replay, replayItem } from "../core/lane/replay.ts";
import { type CountRules, countWanted, type ReplayCount } from "../core/lane/count-replay.ts";
import { type ReplayWindow, replayWindow } from "../core/lane/replay-window.ts";
import { visibleSince } from "../core/workspace/retention.ts";
import { rowOf } from "../core/lane/row.ts";
import { registryItem } from "../core/base/table-schema.ts";
import { type Call, readBody, refuse } from "./call.ts";
import type { ManageDependencies } from "./dependencies.ts";
import {
  CHANGE_TRIES,
  contended,
  requireDestination,
  requireEnabled,
  requireForwarding,
  requireWorkspace,
} from "./guards.ts";
import { presentReplay } from "./replays.ts";

/** Concurrent replays of one destination. Each takes a share of its receiver's capacity. */
const MOST_RUNNING = 3;
/** Replays of one destination that are kept. The oldest ended ones are removed first. */
const MOST_KEPT = 50;

/** The requested time range, and the delivery to be repeated if there is one. */
export interface AskedReplay {
  from: string;
  to: string;
  eventsPerSecond?: number | undefined;
  delivery?: string;
}

export async function createReplay(call: Call, dependencies: ManageDependencies): Promise<HttpAnswer> {
  const body = readBody(call, deliveryOperations.createReplay.body);
  const workspace = await requireWorkspace(call, dependencies);
  const destination = await requireDestination(call, dependencies);
  requireForwarding(workspace, dependencies.settings);
  const asked = windowAsked(body);
  const since = visibleSince(workspace, dependencies.settings.plans, dependencies.clock());
  const window = await replayWindow(call.workspace, asked, since, dependencies.journal);
  const count = await countWanted(window, countRules(destination, since, dependencies), dependencies);
  if (body.dryRun) return jsonAnswer(200, presentCount(asked, window, count));
  const row = await startReplay(call, asked, window, count, dependencies);
  const lane = await dependencies.registry.readLane(call.workspace, row.destination, row.replay);
  return jsonAnswer(201, await presentReplay(row, lane, dependencies), {
    location: `${call.request.path}/${row.replay}`,
  });
}

export function countRules(
  destination: Destination,
  since: string,
  { clock, settings }: ManageDependencies,
): CountRules {
  return { destination, eventTypePrefix: settings.eventTypePrefix, since, now: clock() };
}

function windowAsked(body: { from: string; to: string; eventsPerSecond?: number | undefined }): AskedReplay {
  const from = toTimestamp(Date.parse(body.from));
  const to = toTimestamp(Date.parse(body.to));
  if (from >= to) refuse(invalidField("to", "must be later than from"));
  return { from, to, eventsPerSecond: body.eventsPerSecond };
}

function presentCount(asked: AskedReplay, { start, journalled }: ReplayWindow, count: ReplayCount) {
  const { from, to } = asked;
  return { dryRun: true, from, to, ...count, journalledEvents: journalled, startsAt: start };
}

/** Starts a lane for the range of events. Refuses while the destination is disabled or too many replays are running. */
export async function startReplay(
  call: Call,
  asked: AskedReplay,
  window: ReplayWindow,
  count: ReplayCount,
  dependencies: ManageDependencies,
): Promise<Replay> {
  const { registry, clock, random, settings, wakeUps } = dependencies;
  for (let tries = 0; tries < CHANGE_TRIES; tries++) {
    const workspace = await requireWorkspace(call, dependencies);
    requireForwarding(workspace, settings);
    const destination = await requireDestination(call, dependencies);
    await admit(destination, dependencies);
    const row = newReplay(call, destination, asked, window, count, dependencies);
    const lane = newReplayLane(row, asked, window);
    const own = { workspace, event: startedEvent(call, destination, row), trace: call.request.trace };
    const result = await registry.commit([
      { kind: "require", key: destination, version: destination.version },
      { kind: "require", key: { ...workspace, item: registryItem.workspace }, version: workspace.version },
      { kind: "create", row },
      { kind: "create", row: rowOf(lane) },
      { kind: "record", entry: buildOwnEntry(own, clock(), random, settings) },
    ]);
    if (result.kind !== "committed") continue;
    await wakeUps.send([wakeUpOf(lane)]);
    return row;
  }
  return refuse(contended());
}

function newReplayLane(row: Replay, { eventsPerSecond }: AskedReplay, { recorded }: ReplayWindow): Lane {
  const { replay, start, until } = row;
  return newLane(
    { ...row, lane: replay, cursor: start },
    { kind: "replay", until, recorded, eventsPerSecond },
  );
}

function startedEvent(
  { caller }: Call,
  destination: Destination,
  { replay, from, to, events }: Replay,
): PostedEvent {
  return webhookEvent("replay_started", actorOf(caller.subject), destination, { replay, from, to, events });
}

function newReplay(
  { caller }: Call,
  { workspace, destination }: Destination,
  { from, to, delivery }: AskedReplay,
  { start, until, journalled }: ReplayWindow,
  count: ReplayCount,
  { clock, random }: ManageDependencies,
): Replay {
  const now = clock();
  const replay = newId("rpl_", now, random);
  return {
    workspace,
    item: replayItem.replay(destination, replay),
    destination,
    replay,
    from,
    to,
    start,
    until,
    journalled,
    ...count,
    ...(delivery !== undefined && { delivery }),
    createdAt: toTimestamp(now),
    createdBy: caller.subject,
  };
}

/** Refuses while the destination is disabled or too many replays are running. Removes the oldest ended replays. */
async function admit(row: Destination, dependencies: ManageDependencies): Promise<void> {
  await requireEnabled(row, dependencies);
  const { workspace, destination } = row;
  const { registry } = dependencies;
  const rows = await registry.listReplays(workspace, destination);
  const lanes = await registry.listLanes(workspace);
  const laneOf = ({ replay }: Replay) =>
    lanes.find((lane) => lane.destination === destination && lane.lane === replay);
  const ended = rows.filter((replay) => (laneOf(replay)?.status.kind ?? "ended") === "ended");
  if (rows.length - ended.length >= MOST_RUNNING) refuse(tooManyReplays());
  for (const replay of ended.slice(0, Math.max(0, rows.length - MOST_KEPT + 1))) {
    await registry.removeRow({ workspace, item: registryItem.lane(destination, replay.replay) });
    await registry.removeRow(replay);
  }
}

function tooManyReplays(): Problem {
  return {
    kind: "too-many-replays",
    title: "Too many replays of the destination are running",
    status: 409,
    detail: "Wait until one has ended, or cancel one.",
    limit: `${MOST_RUNNING} at once`,
  };
}
