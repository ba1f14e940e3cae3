import * as z from "zod/mini";

/** The setting `retry` of a deployment. */
export interface RetrySettings {
  /** After this time without a 2xx for one delivery its lane is suspended. Nothing is dropped. */
  giveUpAfterHours: number;
  /** Upper bounds of the waits after the 1st, 2nd, … refusal in seconds. The last one repeats. The first attempt is immediate. */
  schedule: readonly number[];
}

export const DEFAULT_RETRY: RetrySettings = {
  giveUpAfterHours: 72,
  schedule: [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800],
};

/** The limits of `schedule`. They bound what one refusing receiver costs, and what its owner waits for a recovery to show. */
export const SCHEDULE_LIMITS = {
  waits: 20,
  minSeconds: 1,
  maxSeconds: 12 * 3_600,
  /** Of the wait that repeats, or a lane could be attempted every second for days. */
  minLastSeconds: 60,
} as const;

/** The same as JSON in the environment of a function; what an older stack does not name has its default. */
export const retrySettingsSchema = z.object({
  giveUpAfterHours: z._default(z.number(), DEFAULT_RETRY.giveUpAfterHours),
  schedule: z._default(z.array(z.number()).check(z.minLength(1)), [...DEFAULT_RETRY.schedule]),
});

/** Where a delivery stands in its schedule. `attempt` counts from 1 and includes the one just refused; times in milliseconds. */
export interface ScheduleFacts {
  attempt: number;
  firstAttemptAt: number;
  now: number;
}

/**
 * Seconds to wait after a refusal, or `over` when the schedule has ended by elapsed time.
 * Full jitter (0 up to the bound), so that lanes refused together do not come back together. `chance` is 0 up to 1.
 * A wait never leads past the end: the last attempt is made at it.
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
 * Seconds that a `Retry-After` header (RFC 9110: seconds, or a date in one of three spellings) asks for, between 1 s and 12 h.
 * `undefined` for what is neither.
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
  // The oldest spelling (asctime) names no zone and means GMT; without one the machine's own would be taken.
  return Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
}
