import { type HttpAnswer, jsonAnswer } from "../adapters/http-api.ts";
import { deliveryOperations } from "../core/api/delivery-operations.ts";
import type { ReplayAnswer } from "../core/api/replay-api.ts";
import type { Lane } from "../core/lane/state.ts";
import { encodeListCursor } from "../core/reading/list-cursor.ts";
import { actorOf, webhookEvent } from "../core/destination/management-event.ts";
import { problems } from "../core/base/problem.ts";
import type { Replay } from "../core/lane/replay.ts";
import { eventsBefore } from "../core/lane/replay-window.ts";
import { transition } from "../core/lane/transition.ts";
import { type Call, parameter, readCursor, readQuery, refuse } from "./call.ts";
import { deliveringLanes } from "./delivering-lanes.ts";
import { AGAIN, storeLanes, untilCommitted } from "./commit-change.ts";
import type { ManageDependencies } from "./dependencies.ts";
import { logSkipped } from "./log-skipped.ts";
import { requireDestination, requireWorkspace } from "./guards.ts";

export async function listReplays(call: Call, dependencies: ManageDependencies): Promise<HttpAnswer> {
  const { limit, cursor } = readQuery(call, deliveryOperations.listReplays.query);
  const asked = ["replays", call.workspace, call.parameters["dst"]];
  const after = readCursor(cursor, asked);
  const workspace = await requireWorkspace(call, dependencies);
  const row = await requireDestination(call, dependencies);
  const { destination } = row;
  const rows = await dependencies.registry.listReplays(call.workspace, destination);
  const older = rows.toReversed().filter(({ replay }) => after === undefined || replay < after);
  const page = older.slice(0, limit);
  const last = older.length > limit ? page.at(-1) : undefined;
  const all = await dependencies.registry.listLanes(call.workspace);
  const lanes = all.filter((lane) => lane.destination === destination);
  const live = lanes.flatMap((lane) => (lane.status.kind === "live" ? [lane.lane] : []));
  const delivering = await deliveringLanes(live, workspace, row, dependencies);
  const shown = page.map((replay) =>
    presentReplay(
      replay,
      lanes.find((lane) => lane.lane === replay.replay),
      dependencies,
      delivering,
    ),
  );
  return jsonAnswer(200, {
    items: await Promise.all(shown),
    nextCursor: last === undefined ? null : encodeListCursor(last.replay, asked),
  });
}

export async function getReplay(call: Call, dependencies: ManageDependencies): Promise<HttpAnswer> {
  const workspace = await requireWorkspace(call, dependencies);
  const { row, lane } = await requireReplay(call, dependencies);
  const delivering = await deliveringLanes([row.replay], workspace, row, dependencies);
  return jsonAnswer(200, await presentReplay(row, lane, dependencies, delivering));
}

export async function cancelReplay(call: Call, dependencies: ManageDependencies): Promise<HttpAnswer> {
  const workspace = await requireWorkspace(call, dependencies);
  const destination = await requireDestination(call, dependencies);
  return untilCommitted(async () => {
    const { row, lane } = await requireReplay(call, dependencies);
    if (lane === undefined || lane.status.kind === "ended") return { statusCode: 204 };
    const metadata = { replay: row.replay };
    const event = webhookEvent("replay_cancelled", actorOf(call.caller.subject), destination, metadata);
    await logSkipped(lane, dependencies);
    const cancelled = transition(lane, { kind: "cancelled" });
    const stored = await storeLanes(call, workspace, event, [cancelled], dependencies);
    return stored === AGAIN ? AGAIN : { statusCode: 204 };
  });
}

async function requireReplay(
  call: Call,
  dependencies: ManageDependencies,
): Promise<{ row: Replay; lane: Lane | undefined }> {
  const { destination } = await requireDestination(call, dependencies);
  const id = parameter(call, "rpl");
  const row = await dependencies.registry.readReplay(call.workspace, destination, id);
  if (row === undefined) refuse(problems.notFound("replay"));
  return { row, lane: await dependencies.registry.readLane(call.workspace, destination, id) };
}

/** Presents a replay as in the API, with its present progress. A replay that was just started is `delivering`. */
export async function presentReplay(
  row: Replay,
  lane: Lane | undefined,
  { journal }: ManageDependencies,
  delivering: ReadonlySet<string> = new Set([row.replay]),
): Promise<ReplayAnswer> {
  const status = statusOf(lane, delivering);
  const reached = status === "done" ? row.until : (lane?.cursor ?? row.start);
  const behind =
    (await eventsBefore(row.workspace, reached, journal)) -
    (await eventsBefore(row.workspace, row.start, journal));
  const passedEvents = status === "done" ? row.journalled : Math.max(0, Math.min(behind, row.journalled));
  return {
    id: row.replay,
    delivery: row.delivery ?? null,
    status,
    from: row.from,
    to: row.to,
    events: row.events,
    exact: row.exact,
    startsAt: row.start,
    journalledEvents: row.journalled,
    passedEvents,
    progress: row.journalled === 0 ? 1 : passedEvents / row.journalled,
    createdAt: row.createdAt,
    createdBy: row.createdBy,
  };
}

function statusOf(lane: Lane | undefined, delivering: ReadonlySet<string>): ReplayAnswer["status"] {
  if (lane === undefined) return "done";
  if (lane.status.kind === "ended") return lane.status.isCancelled ? "cancelled" : "done";
  if (lane.status.kind !== "live") return "suspended";
  return delivering.has(lane.lane) ? "running" : "paused";
}
