import type { Context } from "aws-lambda";

/** An event of an HTTP API, payload format 2.0, as the JWT authoriser passes it on. */
export function httpEvent(
  route: string,
  parts: {
    parameters?: Record<string, string>;
    query?: Record<string, string>;
    headers?: Record<string, string>;
    claims?: Record<string, unknown>;
    body?: string;
    isBase64Encoded?: boolean;
  } = {},
): unknown {
  const [method = "GET", template = "/"] = route.split(" ");
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => parts.parameters?.[name] ?? "");
  return {
    version: "2.0",
    routeKey: route,
    rawPath: path,
    rawQueryString: new URLSearchParams(parts.query).toString(),
    headers: { "content-type": "application/json", ...parts.headers },
    ...(parts.query !== undefined && { queryStringParameters: parts.query }),
    pathParameters: parts.parameters ?? {},
    requestContext: {
      http: { method, path },
      ...(parts.claims !== undefined && { authorizer: { jwt: { claims: parts.claims, scopes: null } } }),
    },
    ...(parts.body !== undefined && { body: parts.body }),
    isBase64Encoded: parts.isBase64Encoded ?? false,
  };
}

/** Claims as an HTTP API passes them to a function: arrays are flattened to text. */
export function claims(workspaces: string, scope: string, subject = "usr_1"): Record<string, unknown> {
  return { sub: subject, workspaces, scope };
}

export const lambdaContext = {
  functionName: "test",
  awsRequestId: "00000000-0000-0000-0000-000000000000",
  getRemainingTimeInMillis: () => 30_000,
} as Context;

/** An invocation context that always reports this much remaining time. */
export function contextWith(remaining: () => number): Context {
  return { ...lambdaContext, getRemainingTimeInMillis: remaining };
}
