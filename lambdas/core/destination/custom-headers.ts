import { foldHeaderName, reservationOf } from "./reserved-headers.ts";

export const MAX_CUSTOM_HEADERS = 20;
/** Limit for all names and values together. */
export const MAX_CUSTOM_HEADER_BYTES = 4096;

/** A header name of RFC 9110, 5.6.2, except `__proto__`, which is unsafe as a property of a JavaScript object. */
const TOKEN = /^(?!__proto__$)[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/**
 * A header value of RFC 9110, 5.5 without obs-text, which receivers decode differently: ASCII, with spaces and tabs
 * only inside.
 */
const FIELD_VALUE = /^(?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?$/;

export interface HeaderRefusal {
  kind: "refused";
  rule:
    | "header-name"
    | "header-value"
    | "header-reserved"
    | "header-duplicate"
    | "headers-too-many"
    | "headers-too-large";
  /** Name of the invalid header as it was posted; missing when the headers are only invalid together. */
  name?: string;
  /** A sentence for the owner that never contains a value. */
  detail: string;
}

/** Checks all custom headers of a destination together, which are sent besides those that Trailcast sets. */
export function checkCustomHeaders(
  headers: Readonly<Record<string, string>>,
): { kind: "allowed" } | HeaderRefusal {
  const names = Object.keys(headers);
  if (names.length > MAX_CUSTOM_HEADERS) {
    return refused("headers-too-many", `There may be at most ${MAX_CUSTOM_HEADERS} headers.`);
  }
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const wrong = checkHeader(name, value, seen);
    if (wrong !== undefined) return wrong;
    seen.add(foldHeaderName(name));
  }
  // Names and values are ASCII at this point, so one character is one byte.
  const bytes = Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (bytes <= MAX_CUSTOM_HEADER_BYTES) return { kind: "allowed" };
  return refused(
    "headers-too-large",
    `Names and values may have at most ${MAX_CUSTOM_HEADER_BYTES} bytes in all.`,
  );
}

function checkHeader(name: string, value: string, seen: ReadonlySet<string>): HeaderRefusal | undefined {
  if (!TOKEN.test(name)) {
    return refused("header-name", "A header name consists of letters, digits and !#$%&'*+.^_`|~-.", name);
  }
  const reason = reservationOf(name);
  if (reason !== undefined) return refused("header-reserved", `This header is reserved. ${reason}`, name);
  if (seen.has(foldHeaderName(name))) {
    return refused("header-duplicate", "Two headers have the same name, as receivers read it.", name);
  }
  if (FIELD_VALUE.test(value)) return undefined;
  return refused("header-value", "A header value is visible ASCII, with spaces and tabs inside only.", name);
}

function refused(rule: HeaderRefusal["rule"], detail: string, name?: string): HeaderRefusal {
  return { kind: "refused", rule, detail, ...(name !== undefined && { name }) };
}
