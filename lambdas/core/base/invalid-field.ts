import type { Problem } from "./problem.ts";

/** A value of the request is not what it must be. `must` goes on after the field's name: "must be …". */
export function invalidField(field: string, must: string, limit?: string): Problem {
  return {
    kind: "invalid-request",
    title: "The request is not valid",
    status: 400,
    detail: `${field} ${must}.`,
    field,
    ...(limit !== undefined && { limit }),
  };
}
