import * as z from "zod/mini";
import { renamedAttributes } from "../base/renamed-attributes.ts";
import { DUE_SHARD, LIVE_LANE, registryItem } from "../base/table-schema.ts";
import { FORMER_NAMES, type LaneAttributes, laneAttributes, type LaneRow } from "./row-schema.ts";
import type { Lane, LaneRole, LaneStatus, PendingBatch, Wait } from "./state.ts";

/** Reads a row of this version, of the one before, or of the one after. */
export const laneSchema = z.pipe(
  renamedAttributes(
    laneAttributes.check(z.refine(({ lane, until }) => lane === LIVE_LANE || until !== undefined)),
    FORMER_NAMES,
  ),
  z.transform(laneOf),
);

export const CANCELLED = "cancelled";

function laneOf(row: LaneAttributes): Lane {
  const { firstAttemptAt, splitEnd } = row;
  return {
    workspace: row.workspace,
    destination: row.destination,
    lane: row.lane,
    version: row.version,
    createdAt: row.createdAt,
    role: roleOf(row),
    status: statusOf(row),
    cursor: row.cursor,
    number: row.number,
    previousId: row.previousId,
    pending: pendingOf(row),
    schedule: firstAttemptAt === undefined ? undefined : { attempts: row.attempts, firstAttemptAt },
    halves: splitEnd && { end: splitEnd, parent: row.splitParent },
    batchLimit: row.batchLimit,
    lastSelectedAt: row.lastSelectedAt,
    immediateRetries: row.immediateRetries ?? 0,
    receiver: {
      lastDelivery: row.lastDelivery,
      failingSince: row.failingSince,
      consecutiveFailures: row.consecutiveFailures,
      slowAnswers: row.slowAnswers ?? 0,
    },
  };
}

function roleOf(row: LaneAttributes): LaneRole {
  const { lane, until, recorded, eventsPerSecond, failingNotifiedAt, failingAdvice, status } = row;
  if (lane !== LIVE_LANE && until !== undefined) return { kind: "replay", until, recorded, eventsPerSecond };
  const pendingVersion = status === "suspended" ? undefined : row.pendingNotice;
  const notices = { notifiedAt: failingNotifiedAt, advice: failingAdvice, pendingVersion };
  return { kind: "live", expiredRanges: row.expiredRanges ?? [], notices };
}

function statusOf(row: LaneAttributes): LaneStatus {
  const { suspendedReason, pendingNotice: version } = row;
  switch (row.status) {
    case "live":
      return { kind: "live", wait: waitOf(row), resumedFrom: suspendedReason };
    case "suspended": {
      const dueAt = row.nextAttemptAt ?? row.createdAt;
      const notice = version === undefined ? undefined : { version, dueAt };
      return { kind: "suspended", reason: suspendedReason ?? "", notice };
    }
    case "disabled":
      return { kind: "disabled", resumedFrom: suspendedReason };
    case "ended":
      return { kind: "ended", isCancelled: suspendedReason === CANCELLED };
  }
}

function waitOf({ nextAttemptAt, dueShard }: LaneAttributes): Wait | undefined {
  if (nextAttemptAt === undefined) return undefined;
  return { until: nextAttemptAt, carrier: dueShard === undefined ? "wake-up" : "sweep" };
}

function pendingOf({ pending, skip }: LaneAttributes): PendingBatch | undefined {
  if (pending === undefined) return undefined;
  const { number, ...batch } = pending;
  return { ...batch, isSkipRequested: skip === number };
}

export function rowOf(lane: Lane): LaneRow {
  const { schedule, halves, receiver } = lane;
  return {
    workspace: lane.workspace,
    item: registryItem.lane(lane.destination, lane.lane),
    destination: lane.destination,
    lane: lane.lane,
    version: lane.version,
    createdAt: lane.createdAt,
    cursor: lane.cursor,
    number: lane.number,
    previousId: lane.previousId,
    ...statusRow(lane.status),
    ...roleRow(lane),
    ...pendingRow(lane),
    attempts: schedule?.attempts ?? 0,
    firstAttemptAt: schedule?.firstAttemptAt,
    splitParent: halves?.parent,
    splitEnd: halves?.end,
    batchLimit: lane.batchLimit,
    hurried: lane.immediateRetries || undefined,
    lookedAt: lane.lastSelectedAt,
    lastDelivery: receiver.lastDelivery,
    failingSince: receiver.failingSince,
    consecutiveFailures: receiver.consecutiveFailures,
    slowAnswers: receiver.slowAnswers || undefined,
  };
}

function statusRow(status: LaneStatus) {
  const { kind } = status;
  switch (kind) {
    case "live": {
      const { wait, resumedFrom } = status;
      const dueShard = wait?.carrier === "sweep" ? DUE_SHARD : undefined;
      return { status: kind, nextAttemptAt: wait?.until, dueShard, suspendedReason: resumedFrom };
    }
    case "suspended": {
      const { reason, notice } = status;
      const dueShard = notice && DUE_SHARD;
      return { status: kind, nextAttemptAt: notice?.dueAt, dueShard, suspendedReason: reason };
    }
    case "disabled":
      return { status: kind, suspendedReason: status.resumedFrom };
    case "ended":
      return { status: kind, suspendedReason: status.isCancelled ? CANCELLED : undefined };
  }
}

function roleRow({ role, status }: Lane) {
  const notice = status.kind === "suspended" ? status.notice?.version : undefined;
  if (role.kind === "replay") {
    const { until, recorded, eventsPerSecond } = role;
    return { until, recorded, eventsPerSecond, untold: notice };
  }
  const { notifiedAt, advice, pendingVersion } = role.notices;
  return {
    lapsed: role.expiredRanges.length === 0 ? undefined : [...role.expiredRanges],
    failingToldAt: notifiedAt,
    failingTold: advice && [...advice],
    untold: status.kind === "suspended" ? notice : pendingVersion,
  };
}

function pendingRow({ pending, number }: Lane) {
  if (pending === undefined) return { frozen: undefined };
  const { isSkipRequested, selectedAt, ...batch } = pending;
  return {
    frozen: { ...batch, number, frozenAt: selectedAt },
    skip: isSkipRequested ? number : undefined,
  };
}
