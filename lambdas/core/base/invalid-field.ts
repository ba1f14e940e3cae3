import type { Problem } from "./problem.ts";

/** An invalid value in a request. `must` continues the sentence after the field's name: "must be …". */
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
