import type * as z from "zod/mini";
import type { Problem } from "../base/problem.ts";
import { invalidField } from "../base/invalid-field.ts";
import { fieldPath } from "../base/schema-problem.ts";

/** The problem for the first issue of a schema. Each issue of these schemas says what the value must be. */
export function refusalOf(error: z.core.$ZodError): Problem {
  const [issue] = error.issues;
  if (issue === undefined) return invalidField("body", "is not valid");
  const path = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0] ?? ""] : issue.path;
  return invalidField(clipped(fieldPath(path)), issue.message, limitOf(issue));
}

// The name of a property is input too, so only as much of it is returned as is needed to find it.
function clipped(name: string): string {
  return name.length > 200 ? `${name.slice(0, 200)}…` : name;
}

function limitOf(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code === "too_big") return `${issue.maximum}${unitOf(issue.origin)}`;
  if (issue.code === "too_small") return `${issue.minimum}${unitOf(issue.origin)}`;
  return undefined;
}

function unitOf(origin: string): string {
  if (origin === "string") return " characters";
  return origin === "array" ? " items" : "";
}
