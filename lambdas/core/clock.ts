/** Reads the time. Handlers receive one, so that a test decides what time it is. Milliseconds since 1970, UTC. */
export type Clock = () => number;

/** A time as stored and sent: RFC 3339 in UTC with milliseconds, so that text order is time order. */
export function toTimestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
