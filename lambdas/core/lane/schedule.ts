import { toTimestamp } from "../base/clock.ts";
import type { Lane, Wait } from "./state.ts";

/** A wake-up's visibility carries a wait of up to a minute. The sweep, which runs each minute, carries longer ones. */
export const VISIBILITY_MAX_SECONDS = 60;
/** How many receives of a wake-up may be spent on waits. The others, up to the 10 of the dead-letter queue, are for faults of ours. */
const WAITING_RECEIVES_MAX = 3;

/** How far the clocks of SQS and of the function may differ. */
const CLOCKS_APART_MS = 1000;

/** Answers that take longer than this are slow, and a lane with so many of them in a row is. */
const SLOW_ANSWER_MS = 3_000;
const SLOW_ANSWERS = 2;

/** Pause after a notice could not be sent, so that a missing event bus is not tried every minute. */
const NOTICE_RETRY_MS = 10 * 60_000;

/**
 * Who wakes a lane after a wait: the wake-up that is being processed, whose visibility is extended; a new wake-up, which has not been
 * received yet; or the sweep. A pause of a replay follows each of its deliveries, so that a wake-up would soon be received too often.
 */
export function carrierOf(
  seconds: number,
  { receives, isPause }: { receives: number; isPause: boolean },
): "visibility" | "new-wake-up" | "sweep" {
  if (seconds > VISIBILITY_MAX_SECONDS) return "sweep";
  if (receives <= WAITING_RECEIVES_MAX) return "visibility";
  return isPause ? "new-wake-up" : "sweep";
}

/** The wait after a refusal. `now` in milliseconds. */
export function waitAfterRefusal(delaySeconds: number, now: number, receives: number): Wait {
  const carrier = carrierOf(delaySeconds, { receives, isPause: false });
  return {
    until: toTimestamp(now + delaySeconds * 1000),
    carrier: carrier === "sweep" ? "sweep" : "wake-up",
  };
}

/** The pause after a delivery of a replay that has a rate. `now` in milliseconds. */
export function pauseAfter(
  count: number,
  eventsPerSecond: number | undefined,
  now: number,
): Wait | undefined {
  const pauseMs = eventsPerSecond === undefined ? 0 : (count / eventsPerSecond) * 1000;
  return pauseMs > 0 ? { until: toTimestamp(now + pauseMs), carrier: "wake-up" } : undefined;
}

/** What a live lane still waits for. `now` in milliseconds. */
export function waitOf({ status }: Pick<Lane, "status">, now: number): Wait | undefined {
  const wait = status.kind === "live" ? status.wait : undefined;
  return wait !== undefined && Date.parse(wait.until) > now ? wait : undefined;
}

/** Seconds, at least one, until a wait is over. */
export function secondsLeft({ until }: Wait, now: number): number {
  return Math.max(1, Math.ceil((Date.parse(until) - now) / 1000));
}

/** When a notice that could not be sent is due again. */
export function noticeRetryAt(now: number): string {
  return toTimestamp(now + NOTICE_RETRY_MS);
}

/** One quick answer makes a lane quick again. */
export function countSlowAnswers(before: number, durationMs: number): number {
  return durationMs <= SLOW_ANSWER_MS ? 0 : Math.min(before + 1, SLOW_ANSWERS);
}

/** Whether a lane's wake-ups go to the slow queue. */
export function isSlow({ receiver }: Pick<Lane, "receiver">): boolean {
  return receiver.slowAnswers >= SLOW_ANSWERS;
}

/**
 * Whether a wake-up was sent before the lane's latest batch was selected. The run that selected it continues until it finds nothing,
 * waits or has sent a wake-up; if that run died, its own wake-up comes back, was received before and counts. Without this, wake-ups of
 * events recorded faster than a slow receiver answers would pile up, each taking a delivery's time.
 */
export function isOutdated(
  { lastSelectedAt }: Pick<Lane, "lastSelectedAt">,
  { receives, sentAt }: { receives: number; sentAt?: number | undefined },
): boolean {
  if (receives > 1 || sentAt === undefined || lastSelectedAt === undefined) return false;
  return sentAt + CLOCKS_APART_MS < Date.parse(lastSelectedAt);
}
