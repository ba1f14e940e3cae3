import { encodeTime } from "ulid";
import { type HttpAnswer, jsonAnswer } from "../adapters/http-api.ts";
import { fitting } from "../core/reading/answer-size.ts";
import type { DeliveryAnswer } from "../core/api/delivery-api.ts";
import { deliveryOperations } from "../core/api/delivery-operations.ts";
import type { Attempt, DeliveryOutcome, DeliveryRecord } from "../core/delivery/delivery-record.ts";
import { recordOfPending } from "../core/lane/delivery-facts.ts";
import type { Destination } from "../core/destination/destination.ts";
import type { Workspace } from "../core/workspace/entitlement.ts";
import { encodeListCursor } from "../core/reading/list-cursor.ts";
import { problems } from "../core/base/problem.ts";
import { type Call, parameter, readCursor, readQuery, refuse } from "./call.ts";
import { deliveringLanes } from "./delivering-lanes.ts";
import type { ManageDependencies } from "./dependencies.ts";
import { requireDestination, requireWorkspace } from "./guards.ts";

/** Limits how many deliveries one request reads, however few of them its filter lets through. */
const EXAMINED = 1_000;
const EXAMINED_AT_ONCE = 100;

export async function listDeliveries(call: Call, dependencies: ManageDependencies): Promise<HttpAnswer> {
  const query = readQuery(call, deliveryOperations.listDeliveries.query);
  const { outcome, from, to } = query;
  const asked = ["deliveries", call.workspace, call.parameters["dst"], outcome, from, to];
  const after = readCursor(query.cursor, asked);
  const workspace = await requireWorkspace(call, dependencies);
  const row = await requireDestination(call, dependencies);
  const window = {
    fromId: from === undefined ? OLDEST_ID : firstIdAt(Date.parse(from)),
    beforeId: after ?? (to === undefined ? NEWEST_ID : firstIdAt(Date.parse(to))),
    outcome,
    limit: query.limit,
  };
  const { rows, next } = await findDeliveries(row, window, dependencies);
  const found = await presentDeliveries(rows, workspace, row, dependencies);
  // Each of 60 attempts may contain an answer of the receiver that grows when it is escaped for JSON.
  const items = fitting(found);
  const continuesAt = items.length < found.length ? items.at(-1)?.id : next;
  return jsonAnswer(200, {
    items,
    nextCursor: continuesAt === undefined ? null : encodeListCursor(continuesAt, asked),
  });
}

interface Window {
  fromId: string;
  beforeId: string;
  outcome: DeliveryOutcome | undefined;
  limit: number;
}

/** Reads until there are enough deliveries, or the end of the window or the request's read limit is reached. */
async function findDeliveries(
  { workspace, destination }: Destination,
  { limit, ...window }: Window,
  { deliveries: log, clock }: ManageDependencies,
): Promise<{ rows: DeliveryRecord[]; next: string | undefined }> {
  const rows: DeliveryRecord[] = [];
  let beforeId = window.beforeId;
  if (beforeId <= window.fromId) return { rows, next: undefined };
  for (let examined = 0; examined < EXAMINED; examined += EXAMINED_AT_ONCE) {
    const asked = { ...window, beforeId, limit: EXAMINED_AT_ONCE };
    const { deliveries, next } = await log.listDeliveries(workspace, destination, asked);
    rows.push(...deliveries.filter(({ expiresAt }) => expiresAt * 1000 > clock()));
    if (rows.length > limit) return { rows: rows.slice(0, limit), next: rows[limit - 1]?.delivery };
    if (next === undefined) return { rows, next };
    beforeId = next;
  }
  return { rows, next: beforeId };
}

export async function getDelivery(call: Call, dependencies: ManageDependencies): Promise<HttpAnswer> {
  const workspace = await requireWorkspace(call, dependencies);
  const destination = await requireDestination(call, dependencies);
  const row = await requireDelivery(call, destination, dependencies);
  const [shown] = await presentDeliveries([row], workspace, destination, dependencies);
  return jsonAnswer(200, shown);
}

/**
 * Presents deliveries. The log holds the planned time of the next attempt, which is left out for lanes that make no
 * attempts now.
 */
async function presentDeliveries(
  rows: readonly DeliveryRecord[],
  workspace: Workspace,
  destination: Destination,
  dependencies: ManageDependencies,
): Promise<DeliveryAnswer[]> {
  const waiting = rows.flatMap(({ lane, nextAttemptAt }) => (nextAttemptAt === undefined ? [] : [lane]));
  const delivering = await deliveringLanes(waiting, workspace, destination, dependencies);
  return rows.map((row) =>
    presentDelivery(delivering.has(row.lane) ? row : { ...row, nextAttemptAt: undefined }),
  );
}

/** Returns the delivery of the call. A lane's pending delivery exists even when its row is missing from the log. */
export async function requireDelivery(
  call: Call,
  { workspace, destination }: Destination,
  { deliveries, registry, settings, clock }: ManageDependencies,
): Promise<DeliveryRecord> {
  const id = parameter(call, "whd");
  const row = await deliveries.readDelivery(workspace, destination, id);
  if (row !== undefined && row.expiresAt * 1000 > clock()) return row;
  const lanes = await registry.listLanes(workspace);
  const lane = lanes.find(
    (one) => one.destination === destination && one.status.kind !== "ended" && one.pending?.id === id,
  );
  const pending = lane && recordOfPending(lane, settings.deliveryLogDays, clock());
  return pending === undefined ? refuse(problems.notFound("delivery")) : (row ?? pending);
}

const TIME_CHARACTERS = 10;
const CHANCE_CHARACTERS = 16;
const LAST_TIME = 2 ** 48 - 1;
const OLDEST_ID = firstIdAt(0);
const NEWEST_ID = `whd_${"Z".repeat(TIME_CHARACTERS + CHANCE_CHARACTERS)}`;

/** Returns the smallest id of a delivery that began at or after `time` (milliseconds): an id begins with its time. */
function firstIdAt(time: number): string {
  const whole = Math.min(Math.max(Math.ceil(time), 0), LAST_TIME);
  return `whd_${encodeTime(whole, TIME_CHARACTERS)}${"0".repeat(CHANCE_CHARACTERS)}`;
}

export function presentDelivery(row: DeliveryRecord): DeliveryAnswer {
  return {
    id: row.delivery,
    lane: row.lane,
    number: row.number,
    previousId: row.previousId,
    parent: row.parent ?? null,
    outcome: row.outcome,
    format: row.format,
    count: row.count,
    first: row.first,
    end: row.end,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    closedAt: row.closedAt ?? null,
    nextAttemptAt: row.nextAttemptAt ?? null,
    attempts: row.attempts.map(presentAttempt),
  };
}

function presentAttempt(attempt: Attempt): DeliveryAnswer["attempts"][number] {
  const { address, answer, delaySeconds, ...rest } = attempt;
  return {
    ...rest,
    address: address ?? null,
    answer: answer ?? null,
    delaySeconds: delaySeconds ?? null,
  };
}
