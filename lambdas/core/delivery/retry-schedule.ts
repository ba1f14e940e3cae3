import * as z from "zod/mini";

/** Setting `retry` of a deployment. */
export interface RetrySettings {
  /** Hours without a 2xx for one delivery after which its lane is suspended. Nothing is dropped. */
  giveUpAfterHours: number;
  /**
   * Longest waits in seconds after the 1st, 2nd, … failed attempt. The last one repeats. The first attempt is
   * immediate.
   */
  schedule: readonly number[];
}

export const DEFAULT_RETRY: RetrySettings = {
  giveUpAfterHours: 72,
  schedule: [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800],
};

/** Limits of `schedule`. They bound the cost of one failing receiver, and the time until a recovery is noticed. */
export const SCHEDULE_LIMITS = {
  waits: 20,
  minSeconds: 1,
  maxSeconds: 12 * 3_600,
  /** Minimum of the wait that repeats; with less, a lane could be attempted every second for days. */
  minLastSeconds: 60,
} as const;

/** The settings as JSON in a function's environment. Values that an older stack does not set have their defaults. */
export const retrySettingsSchema = z.object({
  giveUpAfterHours: z._default(z.number(), DEFAULT_RETRY.giveUpAfterHours),
  schedule: z._default(z.array(z.number()).check(z.minLength(1)), [...DEFAULT_RETRY.schedule]),
});

/**
 * Progress of a delivery in its schedule. `attempt` counts from 1 and includes the one that just failed; times are in
 * milliseconds.
 */
export interface ScheduleFacts {
  attempt: number;
  firstAttemptAt: number;
  now: number;
}

/**
 * Returns the seconds to wait after a failed attempt, or `over` when the time until suspension has passed. Uses full
 * jitter (0 up to the longest wait), so that lanes that failed together are not retried together; `chance` is from 0 up
 * to 1. The last wait is shortened, so that a last attempt is made when the time is over.
 */
export function nextDelaySeconds(
  { attempt, firstAttemptAt, now }: ScheduleFacts,
  { schedule, giveUpAfterHours }: RetrySettings,
  chance: number,
): number | "over" {
  const remaining = (firstAttemptAt - now) / 1000 + giveUpAfterHours * 3_600;
  if (remaining <= 0) return "over";
  const bound = schedule[Math.min(attempt, schedule.length) - 1] ?? 0;
  return Math.min(chance * bound, remaining);
}

export const RETRY_AFTER_MIN_SECONDS = 1;
export const RETRY_AFTER_MAX_SECONDS = 12 * 3_600;

/**
 * Parses a `Retry-After` header (RFC 9110: seconds, or a date in one of three formats) and limits it to 1 s to 12 h.
 * `undefined` if it is malformed.
 */
export function parseRetryAfter(value: string, now: number): number | undefined {
  const text = value.trim();
  const seconds = /^\d+$/.test(text) ? Number(text) : (dateOf(text) - now) / 1000;
  if (Number.isNaN(seconds)) return undefined;
  return Math.min(Math.max(Math.ceil(seconds), RETRY_AFTER_MIN_SECONDS), RETRY_AFTER_MAX_SECONDS);
}

const DAY = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /;

function dateOf(text: string): number {
  if (!DAY.test(text)) return Number.NaN;
  // The oldest format (asctime) has no time zone and means GMT; `Date.parse` would use the machine's zone.
  return Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
}
