import * as z from "zod/mini";
import {
  component,
  cursorParameter,
  described,
  fields,
  flag,
  limitParameter,
  listOf,
  timestamp,
} from "../base/field.ts";
import { namesOf, partOfEach } from "../base/map-each.ts";
import { rowFields, secretFields } from "../destination/destination-fields.ts";
import { exampleFields } from "../destination/field-values.ts";

export const DEFAULT_LIST_LIMIT = 50;

const FIELD_NAMES = [...namesOf(rowFields), ...namesOf(secretFields)];
const REQUIRED_NAMES = namesOf(rowFields).filter((name) => rowFields[name].fallback === undefined);

/** The form of an object for error messages: `{ name, url, format? }`. */
function outline(names: readonly string[], required: readonly string[]): string {
  return `{ ${names.map((name) => (required.includes(name) ? name : `${name}?`)).join(", ")} }`;
}

export const destinationRequestSchema = component(
  "DestinationRequest",
  "A destination as posted",
  fields(outline([...FIELD_NAMES, "enabled"], REQUIRED_NAMES), {
    ...partOfEach(rowFields, "request"),
    ...partOfEach(secretFields, "request"),
    enabled: described("Whether deliveries begin at once", z._default(flag(), true)),
  }),
  {
    name: "Acme SIEM",
    url: "https://siem.example.com/intake",
    eventTypes: ["pro.atmos.billing.*"],
    headers: { "X-Tenant": "acme" },
  },
);
export type DestinationRequest = z.output<typeof destinationRequestSchema>;

export const destinationChangeSchema = component(
  "DestinationChange",
  "What is to change of a destination (RFC 7396): what is left out stays, `null` goes back to the default",
  fields(outline(FIELD_NAMES, []), {
    ...partOfEach(rowFields, "change"),
    ...partOfEach(secretFields, "change"),
  }),
  { url: "https://siem.example.com/intake/v2", headers: { "X-Tenant": "acme-2", "X-Old": null } },
);
export type DestinationChange = z.output<typeof destinationChangeSchema>;

const HEALTH_EXAMPLE = {
  status: "healthy" as const,
  lastDelivery: {
    id: "whd_01KAQN3ZJ8W5M2T9C7R4X6V0BD",
    at: "2026-11-23T05:00:01.000Z",
    outcome: "delivered",
    statusCode: 200,
    durationMs: 84,
    error: null,
  },
  failingSince: null,
  consecutiveFailures: 0,
  oldestUndeliveredAt: null,
  behindEvents: 0,
};

export const DESTINATION_EXAMPLE = {
  id: "dst_01KAQN3ZJ8W5M2T9C7R4X6V0BD",
  ...exampleFields(),
  enabled: true,
  createdAt: "2026-11-23T05:00:00.000Z",
  updatedAt: "2026-11-23T05:00:00.000Z",
  health: HEALTH_EXAMPLE,
};

export const SECRET_EXAMPLE = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

export const healthSchema = component(
  "Health",
  "How a destination is doing, at the moment of the answer",
  z.object({
    status: described(
      "`new` before the first attempt; `healthy` and `failing` by the last answer other than a `split`; `suspended` after refusals without end; `disabled` by its owner, or while the plan has no forwarding",
      z.enum(["new", "healthy", "failing", "suspended", "disabled"]),
    ),
    lastDelivery: described(
      "The last attempt",
      z.nullable(
        z.object({
          id: z.string(),
          at: timestamp(),
          outcome: z.string(),
          statusCode: z.nullable(z.int()),
          durationMs: z.number(),
          error: z.nullable(z.string()),
        }),
      ),
    ),
    failingSince: z.nullable(timestamp()),
    consecutiveFailures: z.int(),
    oldestUndeliveredAt: described(
      "When the oldest event that still waits was recorded; a notice about this destination does not wait for it",
      z.nullable(timestamp()),
    ),
    behindEvents: described(
      "Events that still wait and have not expired, at most: a filter may leave some out, and where there are more than 100, notices about this destination are among them",
      z.int(),
    ),
  }),
  HEALTH_EXAMPLE,
);

export const destinationSchema = component(
  "Destination",
  "A destination as read",
  z.object({
    id: z.string(),
    ...partOfEach(rowFields, "answer"),
    ...partOfEach(secretFields, "answer"),
    enabled: z.boolean(),
    createdAt: timestamp(),
    updatedAt: timestamp(),
    health: healthSchema,
  }),
  DESTINATION_EXAMPLE,
);
export type DestinationAnswer = z.infer<typeof destinationSchema>;

export const createdDestinationSchema = component(
  "CreatedDestination",
  "A destination as created: the only time that its secret is shown",
  z.extend(destinationSchema, { secret: described("`whsec_` and base64: verifies signatures", z.string()) }),
  { ...DESTINATION_EXAMPLE, secret: SECRET_EXAMPLE },
);

export const destinationListSchema = component(
  "DestinationList",
  "Destinations, oldest first",
  listOf(destinationSchema),
  { items: [DESTINATION_EXAMPLE], nextCursor: null },
);

export const listParametersSchema = fields("{ limit?, cursor? }", {
  limit: z._default(limitParameter(100), DEFAULT_LIST_LIMIT),
  cursor: z.optional(cursorParameter()),
});
