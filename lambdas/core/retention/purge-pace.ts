/** A workspace's key takes about 1,000 write units a second; the purge leaves ingest four fifths of them. */
const WRITE_UNITS_A_SECOND = 200;

/** Writes under way at once, lest a burst within a second throttles what the pace over seconds would not. */
export const WRITES_AT_ONCE = 10;

/** A pause looks at the time so often, so that a large page does not use up what is kept free at an invocation's end. */
const STEP_MS = 1000;

/** What a pace needs of its invocation. */
export interface Pace {
  hasTime(): boolean;
  /** Resolves after so many milliseconds. */
  pause(milliseconds: number): Promise<void>;
}

/** Waits as long as so many write units ask for, and no longer than there is time: who goes on in another invocation has waited as well. */
export async function paceAfter(units: number, { hasTime, pause }: Pace): Promise<void> {
  let left = (units / WRITE_UNITS_A_SECOND) * 1000;
  while (left > 0) {
    await pause(Math.min(left, STEP_MS));
    left -= STEP_MS;
    if (left > 0 && !hasTime()) return;
  }
}
