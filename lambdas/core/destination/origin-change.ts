import type { Problem } from "../base/problem.ts";

/** Hosts with their ports, without path and query: those may be credentials. */
export interface OriginChange {
  from: string;
  to: string;
}

/** The hosts before and after a change of the URL; `undefined` while scheme, host and port stay as they are. */
export function originChange(before: string, next: string): OriginChange | undefined {
  const [from, to] = [new URL(before), new URL(next)];
  return from.origin === to.origin ? undefined : { from: from.host, to: to.host };
}

/**
 * Whoever may change a destination may not read its write-only values. A value that stayed while the URL moves would be sent to a
 * host of their choice, so it has to be known to whoever moves it.
 */
export function valuesNotSent(fields: readonly string[]): Problem {
  return {
    kind: "write-only-values-required",
    title: "Stored values are not sent to another origin",
    status: 409,
    detail:
      `Nothing was changed. Scheme, host or port of the URL would change, but these values were stored for the former one: ` +
      `${fields.join(", ")}. Send each of them again, or remove it, in the request that changes the URL.`,
    field: "url",
    members: { fields },
  };
}
