import { type HttpAnswer, type HttpRequest, problemAnswer } from "../adapters/http-api.ts";
import type { Log } from "../core/base/log.ts";
import { type Problem, problems, RefusedError } from "../core/base/problem.ts";
import type { HttpStep } from "./http-step.ts";
import type { EventParser } from "./parse-event.ts";

/**
 * Responds to a `RefusedError` with its problem as `application/problem+json`. Any other exception is logged and
 * becomes a 500 that does not reveal the cause. `log` is used for events that could not be parsed.
 */
export function answerProblems({ parsed }: EventParser<HttpRequest>, log: Log): HttpStep {
  return {
    onError: (invocation) => {
      const { event, error } = invocation;
      const request = parsed(event);
      invocation.response =
        error instanceof RefusedError ? refuse(request, error.problem, log) : fail(request, error, log);
    },
  };
}

function refuse(request: HttpRequest | undefined, problem: Problem, log: Log): HttpAnswer {
  const { status: statusCode, kind: outcome } = problem;
  (request?.log ?? log).info("request.refused", { ...routeOf(request), statusCode, outcome });
  return problemAnswer(problem);
}

function fail(request: HttpRequest | undefined, error: unknown, log: Log): HttpAnswer {
  (request?.log ?? log).error("request.failed", routeOf(request), error);
  return problemAnswer(problems.internal(repeatingOf(request)));
}

function routeOf(request: HttpRequest | undefined): { route?: string } {
  return request === undefined ? {} : { route: request.routeKey };
}

/** Retry advice for a 500. An event of unknown shape gets the cautious one. */
function repeatingOf(request: HttpRequest | undefined): Parameters<typeof problems.internal>[0] {
  if (request === undefined) return "mayActTwice";
  if (request.method === "GET") return "readsOnly";
  return "idempotency-key" in request.headers ? "recordsOnce" : "mayActTwice";
}
