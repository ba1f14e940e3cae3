import { invalidField } from "../core/base/invalid-field.ts";
import {
  checkCustomHeaders,
  type HeaderRefusal,
  MAX_CUSTOM_HEADER_BYTES,
  MAX_CUSTOM_HEADERS,
} from "../core/destination/custom-headers.ts";
import { checkUrl } from "../core/egress/egress-url.ts";
import type { Problem } from "../core/base/problem.ts";
import { refuse } from "./call.ts";
import type { ManageDependencies, ManageSettings } from "./dependencies.ts";

/** The URL as it is stored, if the egress guard lets deliveries go there. It says which rule, never what it found. */
export function requireUrl(url: string, { allowance }: ManageDependencies): string {
  const verdict = checkUrl(url, allowance);
  return verdict.kind === "allowed" ? verdict.url : refuse(notAllowed("url", verdict));
}

/** Custom headers are judged all together. */
export function requireHeaders(headers: Readonly<Record<string, string>>): void {
  const verdict = checkCustomHeaders(headers);
  if (verdict.kind === "refused") refuse(headersNotAllowed(verdict));
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

function notAllowed(field: string, { rule, detail }: { rule: string; detail: string }): Problem {
  return {
    kind: "destination-not-allowed",
    title: "Deliveries may not go there",
    status: 400,
    detail,
    field,
    members: { rule },
  };
}

/** A filter that no event of this deployment can pass is a mistake. */
export function requireTypes(eventTypes: readonly string[], { eventTypePrefix }: ManageSettings): void {
  for (const [index, type] of eventTypes.entries()) {
    if (canMatch(type, eventTypePrefix)) continue;
    refuse(
      invalidField(
        `eventTypes[${index}]`,
        `matches no event of this deployment: its types are ${eventTypePrefix}.<category>.<action>`,
      ),
    );
  }
}

function canMatch(type: string, prefix: string): boolean {
  const all = type.endsWith(".*") ? type.slice(0, -2) : undefined;
  const depth = prefix.split(".").length;
  if (all === undefined) return type.startsWith(`${prefix}.`) && type.split(".").length === depth + 2;
  if (prefix === all || prefix.startsWith(`${all}.`)) return true;
  return all.startsWith(`${prefix}.`) && all.split(".").length === depth + 1;
}
