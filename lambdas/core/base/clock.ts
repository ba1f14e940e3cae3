/**
 * Returns the time in milliseconds since 1970 (UTC). Passed to handlers as an argument, so that a test decides what
 * time it is.
 */
export type Clock = () => number;

const FIRST_TIME = Date.parse("0000-01-01T00:00:00.000Z");
/** The last time whose RFC 3339 text is as long as all others, so that comparing texts compares times. */
export const LAST_TIME = Date.parse("9999-12-31T23:59:59.999Z");

/** Whether a time, once converted to UTC, has a year of four digits. RFC 3339 and CloudEvents allow no other years. */
export function isTimeOfFourDigitYear(text: string): boolean {
  const time = Date.parse(text);
  return time >= FIRST_TIME && time <= LAST_TIME;
}

/** A time as it is stored and sent: RFC 3339 in UTC with milliseconds, so that comparing texts compares times. */
export function toTimestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
