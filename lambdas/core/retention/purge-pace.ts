/** A workspace's key takes about 1,000 write units a second; the purge leaves ingest four fifths of them. */
const WRITE_UNITS_A_SECOND = 200;

/** Writes under way at once, lest a burst within a second throttles what the pace over seconds would not. */
export const WRITES_AT_ONCE = 10;

/** Milliseconds to wait after so many write units. */
export function pauseAfter(units: number): number {
  return (units / WRITE_UNITS_A_SECOND) * 1000;
}
