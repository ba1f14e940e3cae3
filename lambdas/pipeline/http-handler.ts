import middy from "@middy/core";
import { type HttpAnswer, type HttpRequest, isProblem, type Route, toRequest } from "../adapters/http-api.ts";
import type { PublishedMetrics } from "../adapters/powertools-metrics.ts";
import type { Log } from "../core/base/log.ts";
import { type Problem, RefusedError } from "../core/base/problem.ts";
import { answerProblems } from "./answer-problems.ts";
import type { LambdaHandler } from "./entry-point.ts";
import { logContext } from "./log-context.ts";
import { createEventParser } from "./parse-event.ts";
import { protectAnswers } from "./protect-answers.ts";
import { publishMetrics } from "./publish-metrics.ts";

export type HttpHandler = LambdaHandler<HttpAnswer>;

/**
 * The pipeline of a function behind the HTTP API. It always returns a response, because API Gateway's own one to an
 * error has no advice. Functions that count nothing leave out `metrics`.
 */
export function createHttpHandler(
  route: Route,
  { log, metrics }: { log: Log; metrics?: PublishedMetrics },
): HttpHandler {
  const parser = createEventParser<HttpRequest>((event) => ({ ...toRequest(event), log }));
  const pipeline = middy<unknown, HttpAnswer>();
  if (metrics !== undefined) pipeline.use(publishMetrics(metrics));
  return pipeline
    .use(protectAnswers())
    .use(answerProblems(parser, log))
    .use(parser.step)
    .use(logContext(parser))
    .handler(parser.handler(async (request) => orRefused(await route(request))));
}

/** Throws a problem that a route returned, so that it is handled like one that the route threw. */
function orRefused(answer: HttpAnswer | Problem): HttpAnswer {
  if (isProblem(answer)) throw new RefusedError(answer);
  return answer;
}
