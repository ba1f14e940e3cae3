/** One partition key takes about 1,000 write units a second. The purge leaves four fifths of them to ingest. */
const WRITE_UNITS_A_SECOND = 200;

/**
 * Concurrent writes. The pace is kept over seconds, so this limit keeps a burst within a second from being throttled.
 */
export const WRITES_AT_ONCE = 10;

/**
 * How often a pause checks the remaining time, so that a large page does not use up the time reserved for the end of an
 * invocation.
 */
const STEP_MS = 1000;

/** What pacing needs from the invocation. */
export interface Pace {
  hasTime(): boolean;
  /** Resolves after this time. */
  pause(milliseconds: number): Promise<void>;
}

/**
 * Waits for as long as the given write units require at the allowed rate, but not longer than the invocation has time.
 * The next invocation starts after at least this long.
 */
export async function paceAfter(units: number, { hasTime, pause }: Pace): Promise<void> {
  let left = (units / WRITE_UNITS_A_SECOND) * 1000;
  while (left > 0) {
    await pause(Math.min(left, STEP_MS));
    left -= STEP_MS;
    if (left > 0 && !hasTime()) return;
  }
}
