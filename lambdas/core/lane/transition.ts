import { DELIVERY_MAX_EVENTS } from "../formats/format.ts";
import { formatOf, type FormatName } from "../formats/known-formats.ts";
import type { DeliveryOutcome } from "../delivery/delivery-record.ts";
import { checkOf, type Cut } from "./freeze-delivery.ts";
import { type Frozen, type Lane, outcomeOf } from "./lane.ts";
import { LIVE_LANE, DUE_SHARD } from "../base/table-schema.ts";
import { closeNumber, moveCursor, NOTHING_FROZEN } from "./close-number.ts";
import { joinRanges } from "../journal/range.ts";
import type { Position } from "../journal/page.ts";

/** Answers that take longer than this count as slow; two in a row move the lane to the slow queue. */
export const SLOW_ANSWER_MS = 3_000;
const SLOW_ANSWERS_MAX = 2;

/** Up to a minute the visibility of a ring carries a wait; beyond that the sweep, which looks each minute, rings. */
export const HOLD_MAX_SECONDS = 60;

/** What an attempt tells of its receiver. */
export interface AttemptReport {
  last: NonNullable<Lane["lastDelivery"]>;
}

/** The next number is given, once and for ever, to the events of the cut; the cursor passes what was not wanted before them. */
export function freeze(
  lane: Lane,
  cut: Cut,
  facts: Pick<Frozen, "id" | "frozenAt" | "format" | "contentVersion">,
): Lane {
  const frozen: Frozen = {
    ...facts,
    number: lane.number,
    end: cut.end,
    count: cut.ids.length,
    check: checkOf(cut.ids),
    parent: lane.splitParent,
  };
  return {
    ...lapsed(lane, cut),
    cursor: cut.begin ?? lane.cursor,
    frozen,
    splitParent: undefined,
    lookedAt: facts.frozenAt,
  };
}

/** Remembers what the cut passed because it had expired. A replay owes nothing that the live lane does not. */
export function lapsed(lane: Lane, cut: Pick<Cut, "lapsed">): Lane {
  if (cut.lapsed.length === 0 || lane.lane !== LIVE_LANE) return lane;
  return { ...lane, lapsed: joinRanges(lane.lapsed ?? [], cut.lapsed) };
}

/** How many events the next delivery takes at most. */
export function batchLimitOf(lane: Pick<Lane, "batchLimit">, format: FormatName): number {
  return Math.min(formatOf(format).limits.events, lane.batchLimit ?? DELIVERY_MAX_EVENTS);
}

/** A 2xx: the cursor passes the delivery. `now` in milliseconds. */
export function delivered(lane: Lane, frozen: Frozen, { last }: AttemptReport, now: number): Lane {
  const moved = moveCursor(closeNumber(lane, frozen), frozen.end);
  const pauseMs = lane.eventsPerSecond === undefined ? 0 : (frozen.count / lane.eventsPerSecond) * 1000;
  return {
    ...moved,
    batchLimit: grown(lane.batchLimit),
    lastDelivery: last,
    failingSince: undefined,
    failingTold: undefined,
    untold: lane.status === "suspended" ? lane.untold : undefined,
    consecutiveFailures: 0,
    slowAnswers: slowness(lane, last.durationMs),
    ...(pauseMs > 0 && { nextAttemptAt: new Date(now + pauseMs).toISOString() }),
  };
}

/** A tenth more after each success: a receiver that could not take a batch is not asked to again at once. */
function grown(batchLimit: number | undefined): number | undefined {
  if (batchLimit === undefined) return undefined;
  const next = batchLimit + Math.max(1, Math.floor(batchLimit / 10));
  return next >= DELIVERY_MAX_EVENTS ? undefined : next;
}

/** 0, 1 or 2 (`undefined` for 0): one quick answer brings the lane back. */
function slowness(lane: Lane, durationMs: number): number | undefined {
  if (durationMs <= SLOW_ANSWER_MS) return undefined;
  return Math.min((lane.slowAnswers ?? 0) + 1, SLOW_ANSWERS_MAX);
}

/**
 * The receiver said no. `isHeld`: the ring itself comes back in time; otherwise the sweep is to ring. `now` in milliseconds.
 * A lane that its owner disabled meanwhile waits for nothing.
 */
export function refused(
  lane: Lane,
  report: AttemptReport,
  wait: { delaySeconds: number; isHeld: boolean; now: number },
): Lane {
  const tried = attempted(lane, report);
  if (lane.status !== "live") return tried;
  return {
    ...tried,
    nextAttemptAt: new Date(wait.now + wait.delaySeconds * 1000).toISOString(),
    dueShard: wait.isHeld ? undefined : DUE_SHARD,
  };
}

/** The receiver said no, which alone decides on no wait and no suspension. */
export function attempted(lane: Lane, { last }: AttemptReport): Lane {
  return {
    ...lane,
    attempts: lane.attempts + 1,
    firstAttemptAt: lane.firstAttemptAt ?? last.at,
    lastDelivery: last,
    failingSince: lane.failingSince ?? last.at,
    consecutiveFailures: lane.consecutiveFailures + 1,
    slowAnswers: slowness(lane, last.durationMs),
  };
}

/**
 * Gone, or refused for too long: the cursor stands and the delivery keeps its number until the owner enables the lane again. The owner
 * is to be told, by whichever run comes to it. What its owner disabled or another run suspended meanwhile stays as it is.
 */
export function suspended(lane: Lane, report: AttemptReport, reason: string): Lane {
  const tried = attempted(lane, report);
  if (lane.status !== "live") return tried;
  return {
    ...tried,
    status: "suspended",
    suspendedReason: reason,
    // What ends a suspension is `resumed`.
    failingTold: undefined,
    untold: lane.version,
    nextAttemptAt: report.last.at,
    dueShard: DUE_SHARD,
  };
}

/** The owner of a suspended lane was told. */
export function told(lane: Lane): Lane {
  return { ...lane, untold: undefined, nextAttemptAt: undefined, dueShard: undefined };
}

/** Every minute would be much for a bus that is gone. */
const TELL_AGAIN_MS = 10 * 60_000;

/** The owner of a suspended lane could not be told. `now` in milliseconds. */
export function toldLater(lane: Lane, now: number): Lane {
  return { ...lane, nextAttemptAt: new Date(now + TELL_AGAIN_MS).toISOString() };
}

/** 413: the number closes, and the same events come again in two halves, the first of which names it. */
export function split(lane: Lane, frozen: Frozen, report?: AttemptReport): Lane {
  return {
    ...closeNumber(lane, frozen),
    batchLimit: Math.max(1, Math.ceil(frozen.count / 2)),
    splitParent: frozen.id,
    splitEnd: frozen.end,
    ...(report !== undefined && {
      lastDelivery: { ...report.last, beforeSplit: outcomeOf(lane) },
      slowAnswers: slowness(lane, report.last.durationMs),
    }),
  };
}

/** Filter or format changed: the number closes and the same stretch is cut anew from the cursor. */
export function recut(lane: Lane, frozen: Frozen): Lane {
  return closeNumber(lane, frozen);
}

/** Some of its events expired: the number closes, the rest is cut anew, and the schedule goes on where it was. */
export function expired(lane: Lane, frozen: Frozen): Lane {
  const { attempts, firstAttemptAt } = lane;
  return { ...closeNumber(lane, frozen), attempts, firstAttemptAt };
}

/** The owner passed it: the number closes and the cursor moves to its end. What was refused is not waited for any more. */
export function skipped(lane: Lane, frozen: Frozen): Lane {
  return moveCursor(forgetRefusals(closeNumber(lane, frozen)), frozen.end);
}

/**
 * What was refused is gone without a 2xx: the next refusal begins a failing of its own. That its owner heard of this one stays, and
 * with it the hour and the notice of its end. A suspension is still told with when it began.
 */
function forgetRefusals(lane: Lane): Lane {
  if (lane.status === "suspended") return lane;
  return { ...lane, failingSince: undefined, consecutiveFailures: 0, untold: undefined };
}

/**
 * The log says that the number had closed: whoever wrote that died before the lane's write, or is about to make it. What the log says
 * is carried out, so that no row of it tells anything else than what happened. `undefined` where nothing follows from the log: an open
 * row, and `skipped`, which management writes before a move of the lane that may then be refused.
 */
export function followLog(lane: Lane, frozen: Frozen, outcome: DeliveryOutcome): Lane | undefined {
  switch (outcome) {
    case "delivered":
      return moveCursor(forgetRefusals(closeNumber(lane, frozen)), frozen.end);
    case "split":
      return split(lane, frozen);
    case "recut":
      return recut(lane, frozen);
    case "expired":
      return expired(lane, frozen);
    default:
      return undefined;
  }
}

/** Nothing wanted up to `cursor`: with nothing frozen, no schedule goes on. */
export function progressed(lane: Lane, cursor: Position): Lane {
  return moveCursor(rested(lane), cursor);
}

/** Nothing is left of what was frozen before: what comes next begins a schedule of its own. */
export function rested(lane: Lane): Lane {
  return forgetRefusals({ ...lane, ...NOTHING_FROZEN });
}

/** A replay reached its end. */
export function ended(lane: Lane): Lane {
  return { ...lane, status: "ended", nextAttemptAt: undefined, dueShard: undefined };
}

/** Nobody can be sent to: who changes that rings, and the sweep has nothing to ring for. */
export function unrung(lane: Lane): Lane {
  return { ...lane, dueShard: undefined };
}

/** Leaves a wait to the sweep. */
export function parked(lane: Lane): Lane {
  return { ...lane, dueShard: DUE_SHARD };
}
