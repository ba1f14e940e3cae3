import { toTimestamp } from "../base/clock.ts";
import { METRIC } from "../base/metric-names.ts";
import type { RandomBytes } from "../base/random.ts";
import { TrailcastError } from "../base/trailcast-error.ts";
import { composeRequest } from "../delivery/compose-request.ts";
import type { Attempt, DeliveryOutcome } from "../delivery/delivery-record.ts";
import { judgeResponse, type Verdict } from "../delivery/judge-response.ts";
import type { SendResult } from "../delivery/send.ts";
import { formatOf } from "../formats/known-formats.ts";
import type { BatchSelection } from "./batch.ts";
import { closedInLog, factsOfPending } from "./delivery-facts.ts";
import type { SettlingEvent } from "./lane-event.ts";
import { apply, type LaneRun, store } from "./lane-run.ts";
import { notifyFailing, notifyRecovered, type Target } from "./notices.ts";
import { waitAfterRefusal } from "./schedule.ts";
import type { LastDelivery, PendingBatch } from "./state.ts";
import { transition } from "./transition.ts";

/** Thrown when a destination names a version of its secret that is not there. */
export class MissingSecretError extends TrailcastError {
  override name = "MissingSecretError";
  constructor() {
    super("The secret of a destination is missing");
  }
}

/** Sends the pending batch once and records the result: first in the delivery log, then on the lane. */
export async function attemptDelivery(
  run: LaneRun,
  target: Target,
  pending: PendingBatch,
  selection: BatchSelection,
): Promise<void> {
  const { lane, ports } = run;
  const { schedule } = lane;
  const { sentAt, bytes, result } = await send(run, target, pending, selection);
  const now = ports.clock();
  const facts = {
    attempt: (schedule?.attempts ?? 0) + 1,
    firstAttemptAt: schedule === undefined ? sentAt : Date.parse(schedule.firstAttemptAt),
    now,
    count: pending.count,
    format: pending.format,
  };
  const verdict = judgeResponse(result, facts, ports.settings.retry, chanceOf(ports.random));
  const attempt = attemptOf(result, verdict, facts.attempt, sentAt);
  const outcome = await record(run, pending, attempt, { verdict, now });
  announce(run, pending, attempt, { selection, bytes, now });
  const closed = closedInLog(outcome);
  if (closed === undefined || closed === verdict.kind)
    return settle(run, target, { last: lastOf(pending, attempt), verdict, now });
  apply(run, { kind: "closed", delivery: pending.id, outcome: closed });
}

/** Uses the URL, headers and secret that are in force now. */
async function send(
  run: LaneRun,
  target: Target,
  { id, format, end }: PendingBatch,
  { lines }: BatchSelection,
): Promise<{ sentAt: number; bytes: number; result: SendResult }> {
  const { lane, ports } = run;
  const { secretName, secretVersion } = target.destination;
  const secret = await ports.secrets.readSecret(secretName, secretVersion);
  if (secret === undefined) throw new MissingSecretError();
  const sentAt = ports.clock();
  const body = formatOf(format).encode(lines);
  const link = { lane: lane.lane, number: lane.number, previousId: lane.previousId, id };
  const { version } = ports.settings;
  const request = composeRequest({ ...target, secret, format, link, body, now: sentAt, version });
  run.window.readAhead(end, run.visibleSince);
  return { sentAt, bytes: body.byteLength, result: await ports.sender.send(request) };
}

/** A random number from 0 up to 1, made of 32 random bits. */
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
  { ports, lane }: LaneRun,
  pending: PendingBatch,
  attempt: Attempt,
  { verdict, now }: { verdict: Verdict; now: number },
): Promise<DeliveryOutcome> {
  const nextAttemptAt = verdict.kind === "retry" ? toTimestamp(now + verdict.delaySeconds * 1000) : undefined;
  return ports.deliveries.note({
    facts: factsOfPending(lane, pending, ports.settings.logDays, now),
    outcome: verdict.kind,
    at: toTimestamp(now),
    attempt,
    nextAttemptAt,
  });
}

function announce(
  { ports, lane }: LaneRun,
  pending: PendingBatch,
  attempt: Attempt,
  { selection, bytes, now }: { selection: BatchSelection; bytes: number; now: number },
): void {
  const { log, metrics } = ports;
  const isDelivered = attempt.outcome === "delivered";
  metrics.count(METRIC.attempts);
  if (!isDelivered) metrics.count(METRIC.refusals);
  if (attempt.outcome === "suspend") metrics.count(METRIC.suspensions);
  if (isDelivered && lane.role.kind === "live" && selection.oldestAt !== undefined)
    metrics.milliseconds(METRIC.lagMilliseconds, Math.max(0, now - Date.parse(selection.oldestAt)));
  log.info("delivery.attempted", {
    workspace: lane.workspace,
    destination: lane.destination,
    lane: lane.lane,
    delivery: pending.id,
    number: lane.number,
    attempt: attempt.attempt,
    count: pending.count,
    bytes,
    durationMs: attempt.durationMs,
    outcome: attempt.outcome,
    ...(attempt.statusCode !== null && { statusCode: attempt.statusCode }),
    ...(attempt.error !== null && { errorClass: attempt.error }),
    ...(attempt.delaySeconds !== undefined && { delaySeconds: attempt.delaySeconds }),
    ...(selection.trace !== undefined && { trace: selection.trace }),
  });
}

/** Applies the verdict to the lane. A refusal is stored at once, because its wait or suspension ends the run. */
async function settle(
  run: LaneRun,
  target: Target,
  { last, verdict, now }: { last: LastDelivery; verdict: Verdict; now: number },
): Promise<void> {
  const { lane: before, ports, receives } = run;
  const attempt = { delivery: last.id, last };
  const retriesBefore = before.immediateRetries;
  switch (verdict.kind) {
    case "delivered":
      apply(run, { kind: "delivered", ...attempt, now });
      return notifyRecovered(ports, target, before, now);
    case "split":
      return apply(run, { kind: "split", ...attempt });
    case "suspend":
      apply(run, { kind: "attempt-suspended", ...attempt, retriesBefore, reason: verdict.reason });
      break;
    case "retry": {
      const wait = waitAfterRefusal(verdict.delaySeconds, now, receives);
      const failed: SettlingEvent = { kind: "attempt-failed", ...attempt, retriesBefore, wait };
      const notices = await notifyFailing(ports, target, transition(before, failed), { ...verdict, now });
      apply(run, { ...failed, notices });
    }
  }
  await store(run);
}

function lastOf({ id }: PendingBatch, attempt: Attempt): LastDelivery {
  const { at, outcome, statusCode, durationMs, error } = attempt;
  return { id, at, outcome, statusCode, durationMs, error };
}
