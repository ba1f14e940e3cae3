import * as z from "zod/mini";
import { described } from "../base/field.ts";
import { invalidField } from "../base/invalid-field.ts";
import { type Problem, RefusedError } from "../base/problem.ts";
import {
  checkCustomHeaders,
  type HeaderRefusal,
  MAX_CUSTOM_HEADER_BYTES,
  MAX_CUSTOM_HEADERS,
} from "./custom-headers.ts";
import type { SecretField } from "./field-kind.ts";
import { mergeHeaders } from "./merge-headers.ts";

/** Placeholder for a write-only value wherever a destination is read. In a change it means that the value stays. */
export const REDACTED = "[redacted]";

type Headers = Record<string, string>;
type HeaderChange = Record<string, string | null>;

const MUST_BE_HEADERS = "must be an object of header values by name";
const headerValue = () => z.string("must be a text");

const rules: Omit<SecretField<Headers, HeaderChange, string[], Headers>, "attribute"> = {
  fallback: {},
  accept: requireHeaders,
  merge: mergeOrRefuse,
  keeps: keptHeaders,
  traceOf: (headers) => Object.keys(headers),
  show: (names) => Object.fromEntries(names.map((name) => [name, REDACTED])),
  onChange: "retry",
  example: ["X-Tenant"],
};

/** Headers that are sent with every delivery. Their values are write-only. */
export const customHeaderField = {
  ...rules,
  request: described(
    "Sent with every delivery, at most 20 and 4 kB; values are never shown again",
    z._default(z.record(z.string(), headerValue(), MUST_BE_HEADERS), {}),
  ),
  change: described(
    "By name: a value sets a header, `null` removes it, what is left out stays. `null` removes all",
    z.optional(z.nullable(z.record(z.string(), z.nullable(headerValue()), MUST_BE_HEADERS))),
  ),
  secret: z.record(z.string(), z.string()),
  attribute: "headerNames",
  row: z.array(z.string()),
  answer: described("Names, with values redacted", z.record(z.string(), z.string())),
} as const;

function mergeOrRefuse(current: Headers, change: HeaderChange): Headers {
  const merged = mergeHeaders(current, change, REDACTED);
  if (merged.ok) return merged.headers;
  throw new RefusedError(
    invalidField(`headers.${merged.name}`, "stands for a value that is not there: send the value"),
  );
}

function keptHeaders(names: readonly string[], change: HeaderChange | null | undefined): string[] {
  if (change === null) return [];
  const sent = Object.entries(change ?? {}).filter(([, value]) => value !== REDACTED);
  const folded = new Set(sent.map(([name]) => name.toLowerCase()));
  return names.filter((name) => !folded.has(name.toLowerCase())).map((name) => `headers.${name}`);
}

/** Checks all custom headers together, because limits apply to their sum. */
function requireHeaders(headers: Headers): Headers {
  const verdict = checkCustomHeaders(headers);
  if (verdict.kind === "refused") throw new RefusedError(headersNotAllowed(verdict));
  return headers;
}

function headersNotAllowed({ rule, detail, name }: HeaderRefusal): Problem {
  return {
    kind: "header-not-allowed",
    title: "The custom headers are not allowed",
    status: 400,
    detail,
    field: name === undefined ? "headers" : `headers.${name.slice(0, 100)}`,
    ...(LIMITS[rule] !== undefined && { limit: LIMITS[rule] }),
    members: { rule },
  };
}

const LIMITS: Partial<Record<HeaderRefusal["rule"], string>> = {
  "headers-too-many": `${MAX_CUSTOM_HEADERS} headers`,
  "headers-too-large": `${MAX_CUSTOM_HEADER_BYTES} bytes`,
};
