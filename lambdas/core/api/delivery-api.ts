import * as z from "zod/mini";
import { DEFAULT_FORMAT } from "../formats/known-formats.ts";
import { deliveryOutcomeSchema } from "../delivery/delivery-record.ts";
import { placeSchema } from "./destination-actions-api.ts";
import {
  component,
  cursorParameter,
  described,
  fields,
  limitParameter,
  listOf,
  oneOf,
  time,
  timestamp,
} from "../base/field.ts";

export const attemptSchema = component(
  "Attempt",
  "One POST to a receiver",
  z.object({
    attempt: z.int(),
    at: timestamp(),
    outcome: z.enum(["delivered", "retry", "split", "suspend"]),
    statusCode: described("`null` when there was no answer", z.nullable(z.int())),
    durationMs: z.number(),
    error: described(
      "What kept a 2xx away, as a class: `HTTP 500`, `dns`, `timeout`, `guard:<rule>` …",
      z.nullable(z.string()),
    ),
    address: described("Where the connection went", z.nullable(z.string())),
    answer: described("The first KiB of what the receiver said, secrets masked", z.nullable(z.string())),
    delaySeconds: described("Until the next attempt", z.nullable(z.number())),
  }),
  {
    attempt: 1,
    at: "2026-11-23T05:00:01.000Z",
    outcome: "retry",
    statusCode: 503,
    durationMs: 84,
    error: "HTTP 503",
    address: "203.0.113.10",
    answer: "try again",
    delaySeconds: 4,
  },
);

const DELIVERY_EXAMPLE = {
  id: "whd_01KAQN3ZJ8W5M2T9C7R4X6V0BD",
  lane: "live",
  number: 7,
  previousId: "whd_01KAQN3QZ3K9Q2B4T7W1Y5N8CE",
  parent: null,
  outcome: "retry" as const,
  format: DEFAULT_FORMAT,
  count: 1,
  first: { page: 42, index: 0 },
  end: { page: 42, index: 1 },
  createdAt: "2026-11-23T05:00:01.000Z",
  updatedAt: "2026-11-23T05:00:01.000Z",
  closedAt: null,
  nextAttemptAt: "2026-11-23T05:00:05.000Z",
  attempts: [],
};

export const deliverySchema = component(
  "Delivery",
  "A batch of events under one number of a lane, and the attempts at it (the last 60)",
  z.object({
    id: described("`X-Webhook-Id` of every attempt", z.string()),
    lane: described("`live`, or the id of a replay", z.string()),
    number: z.int(),
    previousId: described("The delivery before it in the lane; `-` for the first", z.string()),
    parent: described("The delivery that was split into this one", z.nullable(z.string())),
    outcome: described(
      "`retry` and `suspend` are still open; the others are how it closed",
      deliveryOutcomeSchema,
    ),
    format: z.string(),
    count: described("Events in it", z.int()),
    first: placeSchema,
    end: placeSchema,
    createdAt: timestamp(),
    updatedAt: timestamp(),
    closedAt: z.nullable(timestamp()),
    nextAttemptAt: described(
      "`null` once it is closed, and while its lane makes no attempts",
      z.nullable(timestamp()),
    ),
    attempts: z.array(attemptSchema),
  }),
  DELIVERY_EXAMPLE,
);
export type DeliveryAnswer = z.infer<typeof deliverySchema>;

export const deliveryListSchema = component(
  "DeliveryList",
  "Deliveries, newest first",
  listOf(deliverySchema),
  { items: [DELIVERY_EXAMPLE], nextCursor: null },
);

const deliveryOutcomeParameter = () =>
  oneOf("retry", "suspend", "delivered", "split", "recut", "expired", "skipped");

export const deliveryParametersSchema = fields("{ outcome?, from?, to?, limit?, cursor? }", {
  outcome: described("Only deliveries that came to this", z.optional(deliveryOutcomeParameter())),
  from: described("Only deliveries begun at or after this", z.optional(time())),
  to: described("Only deliveries begun before this", z.optional(time())),
  limit: z._default(limitParameter(100), 50),
  cursor: z.optional(cursorParameter()),
});

const milliseconds = () => z.optional(z.number());

export const testResultSchema = component(
  "TestResult",
  "What a test event came to: it went the way of a real delivery",
  z.object({
    ok: described("Whether the receiver answered 2xx", z.boolean()),
    attempt: z.object({
      id: described("`X-Webhook-Id` of the test event", z.string()),
      at: timestamp(),
      outcome: z.enum(["delivered", "refused"]),
      statusCode: z.nullable(z.int()),
      durationMs: z.number(),
      error: described("A class, such as `HTTP 401`, `dns`, `tls` or `guard:<rule>`", z.nullable(z.string())),
      code: described(
        "The TLS or network library's name for it, such as `CERT_HAS_EXPIRED`",
        z.nullable(z.string()),
      ),
      dns: z.nullable(
        z.object({
          verdict: z.enum(["literal", "public", "no-public-address", "timeout", "failed"]),
          addresses: described("Only when all of them are public", z.optional(z.array(z.string()))),
        }),
      ),
      address: described("Where the connection went", z.nullable(z.string())),
      tls: z.nullable(
        z.object({
          version: z.string(),
          cipher: z.optional(z.string()),
          subject: z.optional(z.string()),
          issuer: z.optional(z.string()),
          validFrom: z.optional(z.string()),
          validTo: z.optional(z.string()),
          fingerprint256: z.optional(z.string()),
        }),
      ),
      phases: described(
        "Milliseconds of each phase that was reached",
        z.object({
          dnsMs: milliseconds(),
          connectMs: milliseconds(),
          tlsMs: milliseconds(),
          firstByteMs: milliseconds(),
        }),
      ),
      answer: described("The first KiB of what the receiver said, secrets masked", z.string()),
      signedContent: described(
        "The text that the signature is of: `id.timestamp.body`",
        z.nullable(z.string()),
      ),
    }),
  }),
  {
    ok: false,
    attempt: {
      id: "whd_01KAQN3ZJ8W5M2T9C7R4X6V0BD",
      at: "2026-11-23T05:00:00.000Z",
      outcome: "refused",
      statusCode: 401,
      durationMs: 61,
      error: "HTTP 401",
      code: null,
      dns: { verdict: "public", addresses: ["203.0.113.10"] },
      address: "203.0.113.10",
      tls: { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", subject: "siem.example.com" },
      phases: { dnsMs: 3, connectMs: 12, tlsMs: 14, firstByteMs: 31 },
      answer: "who are you?",
      signedContent: 'whd_01KAQN3ZJ8W5M2T9C7R4X6V0BD.1795410000.[{"specversion":"1.0"}]',
    },
  },
);
export type TestResult = z.infer<typeof testResultSchema>;
