import { randomUUID } from "node:crypto";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { JWTVerifyGetKey } from "jose";
import type { Clock } from "../../lambdas/core/clock.ts";
import type { InvocationResult } from "../functions/function-pool.ts";
import type { Functions } from "../functions/functions.ts";
import type { Guard } from "../iam/guard.ts";
import { readBody } from "../read-body.ts";
import { routeArn, type ApiRoute, type ApiSettings } from "./api-settings.ts";
import { createTokenCheck, type Authorization } from "./authorize.ts";
import { corsHeaders, preflight } from "./cors.ts";
import { proxyEvent } from "./proxy-event.ts";
import { gatewayMessage, INTERNAL_ERROR, proxyResponse, type GatewayResponse } from "./proxy-response.ts";
import { createRouteTable } from "./routes.ts";
import { createThrottle } from "./throttle.ts";

/** API Gateway takes 10 MB; Lambda 6 MB, and what it refuses is refused with the same answer. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
const MAX_EVENT_BYTES = 6_291_556;

const TOO_LARGE = gatewayMessage(413, "Request Entity Too Large");

export interface HttpApiOptions {
  /** Null for a stack without an API: every request finds nothing. */
  api: ApiSettings | null;
  functions: Pick<Functions, "invoke">;
  guard: Guard;
  keys: JWTVerifyGetKey;
  now: Clock;
}

/** What the function answers, or nothing after the integration's time-out. */
async function within(
  milliseconds: number,
  result: Promise<InvocationResult>,
): Promise<InvocationResult | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, milliseconds, undefined);
  const first = await Promise.race([result, promise]);
  clearTimeout(timer);
  return first;
}

function refusal(authorization: Exclude<Authorization, { kind: "authorized" }>): GatewayResponse {
  if (authorization.kind === "forbidden") return gatewayMessage(403, "Forbidden");
  const { description } = authorization;
  const challenge =
    description === ""
      ? "Bearer"
      : `Bearer scope="" error="invalid_token" error_description="${description}"`;
  const response = gatewayMessage(401, "Unauthorized");
  return { ...response, headers: { ...response.headers, "www-authenticate": challenge } };
}

function send(response: ServerResponse, requestId: string, answer: GatewayResponse): void {
  response.writeHead(answer.status, {
    ...answer.headers,
    "content-length": String(Buffer.byteLength(answer.body)),
    "apigw-requestid": requestId,
  });
  response.end(answer.body);
}

/** Answers requests as the HTTP API of a stack does. */
export function createHttpApi(options: HttpApiOptions): RequestListener {
  const { api, functions, guard, now } = options;
  const check = createTokenCheck(options.keys, now);
  const routes = createRouteTable((api?.routes ?? []).map((route) => [route.routeKey, route] as const));
  const mayPass = createThrottle(api?.throttle ?? { ratePerSecond: 1, burst: 1 }, Date.now);

  const mayInvoke = (route: ApiRoute): boolean => {
    const sourceArn = routeArn({ apiId: api?.apiId ?? "" }, route.routeKey);
    const call = { action: "lambda:InvokeFunction", resource: route.fn.arn, context: () => undefined };
    const principal = {
      kind: "service",
      id: route.id,
      service: "apigateway.amazonaws.com",
      sourceArn,
    } as const;
    return guard.check(principal, call) === null;
  };

  const invoke = async (request: IncomingMessage, requestId: string): Promise<GatewayResponse> => {
    const body = await readBody(request, MAX_BODY_BYTES);
    if (body === undefined) return TOO_LARGE;
    const found = routes.match(request.method ?? "GET", (request.url ?? "/").split("?")[0] ?? "/");
    if (found === undefined) return gatewayMessage(404, "Not Found");
    const { route, pathParameters } = found;
    const authorization =
      route.authorizer === undefined
        ? undefined
        : await check(route.authorizer, route.scopes, request.headers.authorization);
    if (authorization !== undefined && authorization.kind !== "authorized") return refusal(authorization);
    if (!mayInvoke(route)) return INTERNAL_ERROR;
    const event = proxyEvent(request, body, {
      apiId: api?.apiId ?? "",
      routeKey: route.routeKey,
      pathParameters,
      claims: authorization?.claims,
      scopes: authorization?.scopes ?? null,
      requestId,
      now: now(),
    });
    if (event.length > MAX_EVENT_BYTES) return TOO_LARGE;
    const result = await within(route.timeoutMs, functions.invoke(route.fn, event, route.routeKey));
    if (result === undefined) return gatewayMessage(503, "Service Unavailable");
    return result.kind === "failed" ? INTERNAL_ERROR : proxyResponse(result.result);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const requestId = randomUUID();
    const ready = preflight(api?.cors, request);
    const isThrottled = ready === undefined && !mayPass();
    const result =
      ready ?? (isThrottled ? gatewayMessage(429, "Too Many Requests") : await invoke(request, requestId));
    send(response, requestId, {
      ...result,
      headers: { ...result.headers, ...corsHeaders(api?.cors, request) },
    });
  };

  return (request, response) => {
    answer(request, response).catch(() => {
      // The client went away, or sent what is no HTTP: nobody is left to answer.
      response.destroy();
    });
  };
}
