import type { core } from "zod/mini";
import type { Problem } from "./problem.ts";

type Issue = core.$ZodIssue;

/** The path of a field as problems name it: `events[3].actor.id`, or `body` for the document itself. */
export function fieldPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path) {
    text += typeof part === "number" ? `[${part}]` : `${text === "" ? "" : "."}${String(part)}`;
  }
  return text === "" ? "body" : text;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}

function unitOf(origin: string): string {
  if (origin === "string") return " characters";
  return origin === "array" || origin === "set" ? " items" : "";
}

function explainFormat(issue: core.$ZodIssueInvalidStringFormat): { detail: string; limit: string } {
  if (issue.format === "datetime") {
    return {
      detail: "Send a time as RFC 3339 writes it, with `Z` or an offset: 2026-11-23T05:00:00.000Z.",
      limit: "RFC 3339 date-time",
    };
  }
  const limit = issue.pattern ?? issue.format;
  return { detail: `Send text that matches ${limit}.`, limit };
}

function explain(issue: Issue, input: unknown): { detail: string; limit?: string } {
  switch (issue.code) {
    case "invalid_type":
      return valueAt(input, issue.path) === undefined
        ? { detail: `It is required: send ${article(issue.expected)}.`, limit: issue.expected }
        : { detail: `Send ${article(issue.expected)}.`, limit: issue.expected };
    case "too_big":
      return {
        detail: `Send at most ${issue.maximum}${unitOf(issue.origin)}.`,
        limit: `${issue.maximum}${unitOf(issue.origin)}`,
      };
    case "too_small":
      return {
        detail: `Send at least ${issue.minimum}${unitOf(issue.origin)}.`,
        limit: `${issue.minimum}${unitOf(issue.origin)}`,
      };
    case "invalid_format":
      return explainFormat(issue);
    case "invalid_value":
      return { detail: "Send one of the values allowed.", limit: issue.values.map(String).join(" | ") };
    case "unrecognized_keys":
      return { detail: "This property is not known here: leave it out." };
    default:
      return { detail: issue.message };
  }
}

function article(expected: string): string {
  return /^[aeiou]/.test(expected) ? `an ${expected}` : `a ${expected}`;
}

/**
 * The first issue of a failed parse as a problem (400 `invalid-request`) that names the field, its limit and what to
 * do. `input` is the value that was parsed.
 */
export function schemaProblem(error: { issues: readonly Issue[] }, input: unknown): Problem {
  const [issue] = error.issues;
  if (issue === undefined) return { ...INVALID, detail: "Send what the API describes." };
  const [unknownKey] = issue.code === "unrecognized_keys" ? issue.keys : [];
  const path = unknownKey === undefined ? issue.path : [...issue.path, unknownKey];
  return { ...INVALID, ...explain(issue, input), field: fieldPath(path) };
}

const INVALID = { kind: "invalid-request", title: "The request is not valid", status: 400 } as const;
