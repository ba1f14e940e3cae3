/** Reads the time. Handlers receive one, so that a test decides what time it is. Milliseconds since 1970, UTC. */
export type Clock = () => number;

const FIRST_TIME = Date.parse("0000-01-01T00:00:00.000Z");
/** The last time whose text is as long as any other, so that text order is time order. */
export const LAST_TIME = Date.parse("9999-12-31T23:59:59.999Z");

/** Whether a time has four digits of year in UTC too, whatever its offset: RFC 3339 and CloudEvents know no others. */
export function isTimeOfFourDigitYear(text: string): boolean {
  const time = Date.parse(text);
  return time >= FIRST_TIME && time <= LAST_TIME;
}

/** A time as stored and sent: RFC 3339 in UTC with milliseconds, so that text order is time order. */
export function toTimestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
