import * as z from "zod/mini";
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

/** What a delivery can have come to: `retry` is still under way. */
export const DELIVERY_OUTCOMES = [
  "retry",
  "suspend",
  "delivered",
  "split",
  "recut",
  "expired",
  "skipped",
] as const;

export const attemptSchema = component(
  "Attempt",
  "One POST to a receiver",
  z.looseObject({
    at: timestamp(),
    outcome: z.string(),
    statusCode: described("`null` when there was no answer", z.nullable(z.int())),
    durationMs: z.number(),
    error: described(
      "What kept an answer away: a class, or the rule of the egress guard",
      z.nullable(z.string()),
    ),
  }),
);

export const deliverySchema = component(
  "Delivery",
  "A batch of events under one number of a lane, and every attempt at it",
  z.looseObject({
    id: z.string(),
    lane: described("`live`, or the id of a replay", z.string()),
    number: z.int(),
    previousId: z.string(),
    outcome: z.string(),
    count: described("Events in it", z.int()),
    attempts: z.array(attemptSchema),
  }),
);

export const deliveryListSchema = component(
  "DeliveryList",
  "Deliveries, newest first",
  listOf(deliverySchema),
);

export const deliveryParametersSchema = fields("{ outcome?, from?, to?, limit?, cursor? }", {
  outcome: described("Only deliveries that came to this", z.optional(oneOf(...DELIVERY_OUTCOMES))),
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
