import {
  attempted,
  delivered,
  followLog,
  HOLD_MAX_SECONDS,
  refused,
  split,
  suspended,
} from "./advance-lane.ts";
import { toTimestamp } from "../base/clock.ts";
import { composeRequest } from "../delivery/compose-request.ts";
import type { Attempt, DeliveryOutcome } from "../delivery/delivery-record.ts";
import { factsOfFrozen } from "./delivery-facts.ts";
import type { Destination } from "../destination/destination.ts";
import type { Workspace } from "../workspace/entitlement.ts";
import type { Cut } from "./freeze-delivery.ts";
import { formatOf } from "../formats/known-formats.ts";
import { judgeResponse, type Verdict } from "../delivery/judge-response.ts";
import type { Frozen, Lane } from "./lane.ts";
import { LIVE_LANE } from "../base/table-schema.ts";
import { type LaneRun, settleFrozen, storeChanges } from "./lane-writes.ts";
import { METRIC } from "../base/metric-names.ts";
import { tellFailing, tellRecovered } from "./tell-owner.ts";
import type { RandomBytes } from "../base/random.ts";
import type { SendResult } from "../delivery/send.ts";
import { TrailcastError } from "../base/trailcast-error.ts";

/** Destination and workspace as read after the lane. */
export interface Target {
  destination: Destination;
  workspace: Workspace;
}

/** A destination names a version of its secret that is not there. */
export class MissingSecretError extends TrailcastError {
  override name = "MissingSecretError";
  constructor() {
    super("The secret of a destination is missing");
  }
}

/** One POST of the frozen delivery, and what comes of it: first the record, then the lane. */
export async function attemptDelivery(run: LaneRun, target: Target, frozen: Frozen, cut: Cut): Promise<void> {
  const { ports, lane } = run;
  const { secretName, secretVersion } = target.destination;
  const secret = await ports.secrets.readSecret(secretName, secretVersion);
  if (secret === undefined) throw new MissingSecretError();
  const sentAt = ports.clock();
  const body = formatOf(frozen.format).encode(cut.lines);
  const link = { lane: lane.lane, number: frozen.number, previousId: lane.previousId, id: frozen.id };
  const { version } = ports.settings;
  const request = composeRequest({
    ...target,
    secret,
    format: frozen.format,
    link,
    body,
    now: sentAt,
    version,
  });
  run.window.readAhead(frozen.end, run.visibleSince);
  const result = await ports.sender.send(request);
  const now = ports.clock();
  const facts = {
    attempt: lane.attempts + 1,
    firstAttemptAt: lane.firstAttemptAt === undefined ? sentAt : Date.parse(lane.firstAttemptAt),
    now,
    count: frozen.count,
    format: frozen.format,
  };
  const verdict = judgeResponse(result, facts, ports.settings.retry, chanceOf(ports.random));
  const attempt = attemptOf(result, verdict, facts.attempt, sentAt);
  const outcome = await record(run, attempt, verdict, now);
  announce(run, frozen, attempt, { cut, bytes: body.byteLength, now });
  if (outcome === verdict.kind || followLog(lane, frozen, outcome) === undefined)
    return settle(run, target, frozen, { attempt, verdict, now });
  settleFrozen(run, frozen.id, (current) => followLog(current, frozen, outcome) ?? current);
}

/** 0 up to 1, from 32 bits of chance. */
function chanceOf(random: RandomBytes): number {
  return Buffer.from(random(4)).readUInt32BE(0) / 2 ** 32;
}

function attemptOf(result: SendResult, verdict: Verdict, attempt: number, sentAt: number): Attempt {
  const answer = result.kind === "answered" ? result.body : "";
  const address = result.kind === "refused" ? undefined : result.address;
  return {
    attempt,
    at: toTimestamp(sentAt),
    outcome: verdict.kind,
    statusCode: result.kind === "answered" ? result.statusCode : null,
    durationMs: Math.round(result.durationMs),
    error: verdict.kind === "delivered" ? null : verdict.error,
    ...(address !== undefined && { address }),
    ...(answer !== "" && { answer }),
    ...(verdict.kind === "retry" && { delaySeconds: Math.round(verdict.delaySeconds * 1000) / 1000 }),
  };
}

async function record(
  run: LaneRun,
  attempt: Attempt,
  verdict: Verdict,
  now: number,
): Promise<DeliveryOutcome> {
  const { ports, lane } = run;
  const facts = factsOfFrozen(lane, ports.settings.logDays, now);
  if (facts === undefined) return verdict.kind;
  const nextAttemptAt = verdict.kind === "retry" ? toTimestamp(now + verdict.delaySeconds * 1000) : undefined;
  return ports.deliveries.note({
    facts,
    outcome: verdict.kind,
    at: toTimestamp(now),
    attempt,
    nextAttemptAt,
  });
}

function announce(
  { ports, lane }: LaneRun,
  frozen: Frozen,
  attempt: Attempt,
  { cut, bytes, now }: { cut: Cut; bytes: number; now: number },
): void {
  const { log, metrics } = ports;
  const isDelivered = attempt.outcome === "delivered";
  metrics.count(METRIC.attempts);
  if (!isDelivered) metrics.count(METRIC.refusals);
  if (attempt.outcome === "suspend") metrics.count(METRIC.suspensions);
  if (isDelivered && lane.lane === LIVE_LANE && cut.oldestAt !== undefined)
    metrics.milliseconds(METRIC.lagMilliseconds, Math.max(0, now - Date.parse(cut.oldestAt)));
  log.info("delivery.attempted", {
    workspace: lane.workspace,
    destination: lane.destination,
    lane: lane.lane,
    delivery: frozen.id,
    number: frozen.number,
    attempt: attempt.attempt,
    count: frozen.count,
    bytes,
    durationMs: attempt.durationMs,
    outcome: attempt.outcome,
    ...(attempt.statusCode !== null && { statusCode: attempt.statusCode }),
    ...(attempt.error !== null && { errorClass: attempt.error }),
    ...(attempt.delaySeconds !== undefined && { delaySeconds: attempt.delaySeconds }),
    ...(cut.trace !== undefined && { trace: cut.trace }),
  });
}

async function settle(
  run: LaneRun,
  target: Target,
  frozen: Frozen,
  { attempt, verdict, now }: { attempt: Attempt; verdict: Verdict; now: number },
): Promise<void> {
  const report = { last: lastOf(frozen, attempt) };
  const before = run.lane;
  const put = (change: (lane: Lane) => Lane): void => settleFrozen(run, frozen.id, change);
  // Mending does not wait, also when it was done while the receiver took its time to refuse.
  const unlessOvertaken = (lane: Lane, change: (lane: Lane) => Lane): Lane =>
    lane.hurried === before.hurried ? change(lane) : attempted(lane, report);
  switch (verdict.kind) {
    case "delivered":
      put((lane) => delivered(lane, frozen, report, now));
      return tellRecovered(run.ports, target, before, now);
    case "split":
      return put((lane) => split(lane, frozen, report));
    case "suspend":
      put((lane) => unlessOvertaken(lane, (current) => suspended(current, report, verdict.reason)));
      return storeChanges(run);
    case "retry": {
      const { delaySeconds } = verdict;
      const wait = { delaySeconds, isHeld: run.canHold && delaySeconds <= HOLD_MAX_SECONDS, now };
      const marks = await tellFailing(run.ports, target, refused(before, report, wait), { ...verdict, now });
      put((lane) => ({ ...unlessOvertaken(lane, (current) => refused(current, report, wait)), ...marks }));
      return storeChanges(run);
    }
  }
}

function lastOf(frozen: Frozen, attempt: Attempt): NonNullable<Lane["lastDelivery"]> {
  const { at, outcome, statusCode, durationMs, error } = attempt;
  return { id: frozen.id, at, outcome, statusCode, durationMs, error };
}
