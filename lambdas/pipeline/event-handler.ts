import middy from "@middy/core";
import type { Context } from "aws-lambda";
import type { PublishedMetrics } from "../adapters/powertools-metrics.ts";
import type { LambdaHandler } from "./entry-point.ts";
import { createEventParser } from "./parse-event.ts";
import { publishMetrics } from "./publish-metrics.ts";

/** For functions that do not read their event. */
export const ANY_EVENT = { parse: (event: unknown): unknown => event };

/**
 * The pipeline of a function that a stream, a queue, a schedule or another function invokes. It rethrows errors, so
 * that Lambda delivers the event again or the caller sees the failure. Functions that count nothing leave out
 * `metrics`.
 */
export function createEventHandler<Event, Answer>(
  schema: { parse(event: unknown): Event },
  handle: (event: Event, context: Context) => Promise<Answer>,
  { metrics }: { metrics?: PublishedMetrics } = {},
): LambdaHandler<Answer> {
  const parser = createEventParser((event) => schema.parse(event));
  // Handlers watch the remaining time themselves, so middy sets no timer that ends them early.
  const pipeline = middy<unknown, Answer>({ timeoutEarlyInMillis: 0 });
  if (metrics !== undefined) pipeline.use(publishMetrics(metrics));
  return pipeline.use(parser.step).handler(parser.handler(handle));
}
