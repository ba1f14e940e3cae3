import * as z from "zod/mini";
import { described, text } from "../base/field.ts";
import { invalidField } from "../base/invalid-field.ts";
import { RefusedError } from "../base/problem.ts";
import { optionalField, type Surroundings } from "./field-kind.ts";

export const MAX_EVENT_TYPES = 50;

const MUST_BE_TYPE =
  "must be an event type such as pro.atmos.billing.invoice_paid, or all below one: pro.atmos.billing.*";

/**
 * Filter of a destination: full event types, or `….*` for all types below a prefix. An empty list lets every type
 * through.
 */
export const eventTypesField = optionalField({
  posted: described(
    "Which events are wanted; without it all are",
    z
      .array(
        text(MUST_BE_TYPE, { max: 256, pattern: /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*(\.\*)?$/ }),
        "must be a list of event types",
      )
      .check(z.maxLength(MAX_EVENT_TYPES, `must have at most ${MAX_EVENT_TYPES} event types`)),
  ),
  kept: z.array(z.string()),
  fallback: [],
  accept: requireTypes,
  isSame: (types, others) => types.length === others.length && types.every((type) => others.includes(type)),
  onChange: "supersede",
  example: ["pro.atmos.billing.*"],
});

/** Refuses a filter that no event of this deployment can pass, because it must be a mistake. */
function requireTypes(
  eventTypes: readonly string[],
  { settings: { eventTypePrefix } }: Surroundings,
): string[] {
  for (const [index, type] of eventTypes.entries()) {
    if (canMatch(type, eventTypePrefix)) continue;
    throw new RefusedError(
      invalidField(
        `eventTypes[${index}]`,
        `matches no event of this deployment: its types are ${eventTypePrefix}.<category>.<action>`,
      ),
    );
  }
  return [...new Set(eventTypes)];
}

function canMatch(type: string, prefix: string): boolean {
  const all = type.endsWith(".*") ? type.slice(0, -2) : undefined;
  const depth = prefix.split(".").length;
  if (all === undefined) return type.startsWith(`${prefix}.`) && type.split(".").length === depth + 2;
  if (prefix === all || prefix.startsWith(`${all}.`)) return true;
  return all.startsWith(`${prefix}.`) && all.split(".").length === depth + 1;
}
