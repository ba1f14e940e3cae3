import * as z from "zod/mini";
import { deliveryOutcomeSchema } from "../delivery-record.ts";
import { placeSchema } from "./destination-api.ts";
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
} from "./field.ts";

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
    nextAttemptAt: z.nullable(timestamp()),
    attempts: z.array(attemptSchema),
  }),
  {
    id: "whd_01KAQN3ZJ8W5M2T9C7R4X6V0BD",
    lane: "live",
    number: 7,
    previousId: "whd_01KAQN3QZ3K9Q2B4T7W1Y5N8CE",
    parent: null,
    outcome: "retry",
    format: "cloudevents-batch",
    count: 1,
    first: { page: 42, index: 0 },
    end: { page: 42, index: 1 },
    createdAt: "2026-11-23T05:00:01.000Z",
    updatedAt: "2026-11-23T05:00:01.000Z",
    closedAt: null,
    nextAttemptAt: "2026-11-23T05:00:05.000Z",
    attempts: [],
  },
);
export type DeliveryAnswer = z.infer<typeof deliverySchema>;

export const deliveryListSchema = component(
  "DeliveryList",
  "Deliveries, newest first",
  listOf(deliverySchema),
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

export const testResultSchema = component(
  "TestResult",
  "What a test event came to: it went the way of a real delivery",
  z.looseObject({ ok: z.boolean(), attempt: z.looseObject({}) }),
);
export type TestResult = z.infer<typeof testResultSchema>;
