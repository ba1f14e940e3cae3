import * as z from "zod/mini";
import { DEFAULT_FORMAT, FORMAT_NAMES, FORMATS } from "../formats/known-formats.ts";
import {
  component,
  cursorParameter,
  described,
  fields,
  flag,
  limitParameter,
  listOf,
  oneOf,
  text,
  timestamp,
} from "../base/field.ts";

export const MAX_URL_CHARACTERS = 2048;
export const MAX_EVENT_TYPES = 50;
export const DEFAULT_LIST_LIMIT = 50;

/** Stands for a header's value wherever a destination is read; in a change it means: as it is. */
export const REDACTED = "[redacted]";

const CONTROL = "\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029";
/** Unicode's Bidi_Control, with which a name reads as another one. */
const DIRECTION = "\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069";
const NOT = CONTROL + DIRECTION;
const NAME = new RegExp(`^[^${NOT}]*[^\\s${NOT}][^${NOT}]*$`);
const MUST_BE_NAME =
  "must be a text of 1 to 100 characters, without control characters and marks of text direction (such as U+202E)";
const name = () =>
  text(MUST_BE_NAME, { max: 100, pattern: NAME }).check(
    z.refine((value) => value.isWellFormed(), MUST_BE_NAME),
  );
const url = () =>
  described(
    "An https:// address that is reachable from the internet",
    text(`must be an https:// URL of at most ${MAX_URL_CHARACTERS} characters`, { max: MAX_URL_CHARACTERS }),
  );
const format = () =>
  described(
    FORMATS.map(({ name: value, summary }) => `\`${value}\`: ${summary}`).join(". "),
    oneOf(...FORMAT_NAMES),
  );
const MUST_BE_TYPE =
  "must be an event type such as pro.atmos.billing.invoice_paid, or all below one: pro.atmos.billing.*";
const eventTypes = () =>
  described(
    "Which events are wanted; without it all are",
    z
      .array(
        text(MUST_BE_TYPE, { max: 256, pattern: /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*(\.\*)?$/ }),
        "must be a list of event types",
      )
      .check(z.maxLength(MAX_EVENT_TYPES, `must have at most ${MAX_EVENT_TYPES} event types`)),
  );
const MUST_BE_HEADERS = "must be an object of header values by name";
const headerValue = () => z.string("must be a text");

export const destinationRequestSchema = component(
  "DestinationRequest",
  "A destination as posted",
  fields("{ name, url, format?, eventTypes?, headers?, enabled? }", {
    name: name(),
    url: url(),
    format: z._default(format(), DEFAULT_FORMAT),
    eventTypes: z._default(eventTypes(), []),
    headers: described(
      "Sent with every delivery, at most 20 and 4 kB; values are never shown again",
      z._default(z.record(z.string(), headerValue(), MUST_BE_HEADERS), {}),
    ),
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
  fields("{ name?, url?, format?, eventTypes?, headers? }", {
    name: z.optional(name()),
    url: z.optional(url()),
    format: z.optional(z.nullable(format())),
    eventTypes: z.optional(z.nullable(eventTypes())),
    headers: described(
      "By name: a value sets a header, `null` removes it, what is left out stays. `null` removes all",
      z.optional(z.nullable(z.record(z.string(), z.nullable(headerValue()), MUST_BE_HEADERS))),
    ),
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
  name: "Acme SIEM",
  url: "https://siem.example.com/intake",
  format: DEFAULT_FORMAT,
  eventTypes: ["pro.atmos.billing.*"],
  headers: { "X-Tenant": REDACTED },
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
    name: z.string(),
    url: z.string(),
    format: format(),
    eventTypes: z.array(z.string()),
    headers: described("Names, with values redacted", z.record(z.string(), z.string())),
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
