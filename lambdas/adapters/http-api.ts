import * as z from "zod/mini";
import { type Caller, callerOfClaims } from "../core/api/caller.ts";
import type { Log } from "../core/base/log.ts";
import { type Problem, PROBLEM_CONTENT_TYPE, problemDocument } from "../core/base/problem.ts";

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
  /** Each line that it writes names the request's workspace and trace. */
  log: Log;
}

export interface HttpAnswer {
  statusCode: number;
  headers?: Record<string, string>;
  body?: string;
  isBase64Encoded?: boolean;
}

/** What a route answers: a refusal is an answer too. */
export type Route = (request: HttpRequest) => Promise<HttpAnswer | Problem>;

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

/** Reads an event of an HTTP API. Throws for one of another shape. */
export function toRequest(event: unknown): Omit<HttpRequest, "log"> {
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
