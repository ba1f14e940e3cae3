import middy from "@middy/core";
import type { Context } from "aws-lambda";
import * as z from "zod/mini";
import { type Caller, callerOfClaims } from "../core/api/caller.ts";
import { isWorkspaceId } from "../core/base/ids.ts";
import type { Log, LogFields } from "../core/base/log.ts";
import {
  type Problem,
  PROBLEM_CONTENT_TYPE,
  problemDocument,
  problems,
  RefusedError,
} from "../core/base/problem.ts";

const textsSchema = z.record(z.string(), z.string());

/** An event of an HTTP API, payload format 2.0, as far as we read it. */
export const httpEventSchema = z.object({
  routeKey: z.string(),
  rawPath: z.string(),
  rawQueryString: z.optional(z.string()),
  headers: textsSchema,
  queryStringParameters: z.optional(textsSchema),
  pathParameters: z.optional(textsSchema),
  body: z.optional(z.string()),
  isBase64Encoded: z.boolean(),
  requestContext: z.object({
    http: z.object({ method: z.string() }),
    authorizer: z.optional(
      z.object({ jwt: z.optional(z.object({ claims: z.record(z.string(), z.unknown()) })) }),
    ),
  }),
});

/** A request as handlers see it: header names in lower case, path parameters decoded. */
export interface HttpRequest {
  /** The route of the template: `POST /v1/workspaces/{ws}/events`. */
  routeKey: string;
  method: string;
  path: string;
  parameters: Readonly<Record<string, string>>;
  query: Readonly<Record<string, string>>;
  headers: Readonly<Record<string, string>>;
  claims: Readonly<Record<string, unknown>> | undefined;
  /** Bytes when the gateway sent base64; text otherwise. */
  body: string | Uint8Array | undefined;
  /** Id that follows the request through logs and to the receiver's side: of `traceparent`, else of the gateway. */
  trace: string | undefined;
}

export interface HttpAnswer {
  statusCode: number;
  headers?: Record<string, string>;
  body?: string;
  isBase64Encoded?: boolean;
}

/** What a route answers: a refusal is an answer too. */
export type Route = (request: HttpRequest) => Promise<HttpAnswer | Problem>;
export type HttpHandler = (event: unknown, context: Context) => Promise<HttpAnswer>;

export function jsonAnswer(
  statusCode: number,
  value: unknown,
  headers: Record<string, string> = {},
): HttpAnswer {
  return {
    statusCode,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(value),
  };
}

export function problemAnswer(problem: Problem): HttpAnswer {
  return {
    statusCode: problem.status,
    headers: { "content-type": PROBLEM_CONTENT_TYPE },
    body: JSON.stringify(problemDocument(problem)),
  };
}

export function isProblem(value: object): value is Problem {
  return "kind" in value && "status" in value && "title" in value;
}

export function callerOf(request: HttpRequest, scopePrefix: string): Caller {
  return callerOfClaims(request.claims, scopePrefix);
}

function traceOf(headers: Readonly<Record<string, string>>): string | undefined {
  const [, w3c] = /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(headers["traceparent"] ?? "") ?? [];
  const [, root] = /(?:^|;)\s*Root=([0-9a-f-]{1,64})/.exec(headers["x-amzn-trace-id"] ?? "") ?? [];
  return w3c ?? root;
}

function toRequest(event: unknown): HttpRequest {
  const parsed = httpEventSchema.parse(event);
  const headers = Object.fromEntries(
    Object.entries(parsed.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return {
    routeKey: parsed.routeKey,
    method: parsed.requestContext.http.method,
    path: parsed.rawPath,
    parameters: parsed.pathParameters ?? {},
    query: parsed.queryStringParameters ?? {},
    headers,
    claims: parsed.requestContext.authorizer?.jwt?.claims,
    body:
      parsed.body !== undefined && parsed.isBase64Encoded ? Buffer.from(parsed.body, "base64") : parsed.body,
    trace: traceOf(headers),
  };
}

/** Answers hold audit events, and some a secret: nobody keeps a copy, and no browser takes one for a page of the console's origin. */
const GUARDED = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

function guarded(answer: HttpAnswer): HttpAnswer {
  return { ...answer, headers: { ...GUARDED, ...answer.headers } };
}

/** What a log line says of a request: of its path only the workspace, and that only where it is the id of one. */
function fieldsOf({ routeKey, parameters, trace }: HttpRequest): LogFields {
  const workspace = parameters["ws"] ?? "";
  return {
    route: routeKey,
    ...(isWorkspaceId(workspace) && { workspace }),
    ...(trace !== undefined && { trace }),
  };
}

function fieldsOfEvent(event: unknown): LogFields {
  return httpEventSchema.safeParse(event).success ? fieldsOf(toRequest(event)) : {};
}

function thrownProblem(error: unknown): Problem {
  if (error instanceof RefusedError) return error.problem;
  throw error;
}

/** Which advice fits a request that met a fault of ours; of one that is none of an HTTP API nothing is known. */
function repeatingOf(event: unknown): Parameters<typeof problems.internal>[0] {
  const { data } = httpEventSchema.safeParse(event);
  if (data === undefined) return "mayActTwice";
  const names = Object.keys(data.headers).map((name) => name.toLowerCase());
  if (data.requestContext.http.method === "GET") return "readsOnly";
  return names.includes("idempotency-key") ? "recordsOnce" : "mayActTwice";
}

/**
 * The handler of an HTTP API integration around `route`. Problems, returned or thrown as `RefusedError`, become
 * `application/problem+json`; any other exception is logged and becomes a 500 that says nothing of its cause.
 */
export function createHttpHandler(route: Route, log: Log): HttpHandler {
  const handler = middy(async (event: unknown): Promise<HttpAnswer> => {
    const request = toRequest(event);
    const answer = await route(request).catch(thrownProblem);
    if (!isProblem(answer)) return guarded(answer);
    log.info("request.refused", { ...fieldsOf(request), statusCode: answer.status, outcome: answer.kind });
    return guarded(problemAnswer(answer));
  }).onError((request) => {
    log.error("request.failed", fieldsOfEvent(request.event), request.error);
    request.response = guarded(problemAnswer(problems.internal(repeatingOf(request.event))));
  });
  return async (event, context) => handler(event, context);
}
