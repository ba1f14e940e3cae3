import { randomUUID } from "node:crypto";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { JWTVerifyGetKey } from "jose";
import type { Clock } from "../clock.ts";
import type { InvocationResult } from "../functions/function-pool.ts";
import type { Functions } from "../functions/functions.ts";
import type { Guard } from "../iam/guard.ts";
import { readBody } from "../read-body.ts";
import { routeArn, type ApiRoute, type ApiSettings } from "./api-settings.ts";
import { createTokenCheck, type Authorization } from "./authorize.ts";
import { corsHeaders, preflight } from "./cors.ts";
import { proxyEvent } from "./proxy-event.ts";
import { gatewayMessage, INTERNAL_ERROR, proxyResponse, type GatewayResponse } from "./proxy-response.ts";
import { createRouteTable, type RouteTable } from "./routes.ts";
import { createThrottle } from "./throttle.ts";

/** API Gateway accepts 10 MB but Lambda only 6 MB; both refuse larger requests with the same response. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
const MAX_EVENT_BYTES = 6_291_556;

const TOO_LARGE = gatewayMessage(413, "Request Entity Too Large");
const TOO_MANY = gatewayMessage(429, "Too Many Requests");

export interface HttpApiOptions {
  /** Null for a stack without an API, which answers every request with 404. */
  api: ApiSettings | null;
  functions: Pick<Functions, "invoke">;
  guard: Guard;
  keys: JWTVerifyGetKey;
  now: Clock;
}

/** The function's response, or nothing after the integration's time-out. */
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

/** The result of checking whether a request may use a route. */
type Admission = { claims: Record<string, string> | undefined; scopes: string[] | null };

const NO_API: ApiSettings = {
  apiId: "",
  cors: undefined,
  routes: [],
  throttle: { ratePerSecond: 100, burst: 100 },
};

class HttpApi {
  readonly #options: HttpApiOptions;
  readonly #api: ApiSettings;
  readonly #check: ReturnType<typeof createTokenCheck>;
  readonly #routes: RouteTable<ApiRoute>;
  readonly #mayPass: () => boolean;

  constructor(options: HttpApiOptions) {
    this.#options = options;
    this.#api = options.api ?? NO_API;
    this.#check = createTokenCheck(options.keys, options.now);
    this.#routes = createRouteTable(this.#api.routes.map((route) => [route.routeKey, route] as const));
    this.#mayPass = createThrottle(this.#api.throttle, Date.now);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = randomUUID();
    const { cors } = this.#api;
    const ready = preflight(cors, request) ?? (this.#mayPass() ? undefined : TOO_MANY);
    const result = ready ?? (await this.#handle(request, requestId));
    send(response, requestId, { ...result, headers: { ...result.headers, ...corsHeaders(cors, request) } });
  }

  async #handle(request: IncomingMessage, requestId: string): Promise<GatewayResponse> {
    const body = await readBody(request, MAX_BODY_BYTES);
    if (body === undefined) return TOO_LARGE;
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    const found = this.#routes.match(request.method ?? "GET", path);
    if (found === undefined) return gatewayMessage(404, "Not Found");
    const { route, pathParameters } = found;
    const admission = await this.#admit(route, request);
    if ("status" in admission) return admission;
    const event = proxyEvent(request, body, {
      ...admission,
      apiId: this.#api.apiId,
      routeKey: route.routeKey,
      pathParameters,
      requestId,
      now: this.#options.now(),
    });
    return event.length > MAX_EVENT_BYTES ? TOO_LARGE : this.#invoke(route, event);
  }

  async #admit(route: ApiRoute, request: IncomingMessage): Promise<Admission | GatewayResponse> {
    if (route.authorizer !== undefined) {
      const verdict = await this.#check(route.authorizer, route.scopes, request.headers.authorization);
      if (verdict.kind !== "authorized") return refusal(verdict);
      return this.#mayInvoke(route) ? verdict : INTERNAL_ERROR;
    }
    return this.#mayInvoke(route) ? { claims: undefined, scopes: null } : INTERNAL_ERROR;
  }

  #mayInvoke(route: ApiRoute): boolean {
    const sourceArn = routeArn(this.#api, route.routeKey);
    const call = { action: "lambda:InvokeFunction", resource: route.fn.arn, context: () => undefined };
    const principal = {
      kind: "service",
      id: route.id,
      service: "apigateway.amazonaws.com",
      sourceArn,
    } as const;
    return this.#options.guard.check(principal, call) === null;
  }

  async #invoke(route: ApiRoute, event: string): Promise<GatewayResponse> {
    const invoked = this.#options.functions.invoke(route.fn, event, route.routeKey);
    const result = await within(route.timeoutMs, invoked);
    if (result === undefined) return gatewayMessage(503, "Service Unavailable");
    return result.kind === "failed" ? INTERNAL_ERROR : proxyResponse(result.result);
  }
}

/**
 * Answers with 503 while the stack starts, so that clients retry instead of waiting for a response that may never come.
 */
export function answerStarting(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  const starting = gatewayMessage(503, "Service Unavailable");
  send(response, randomUUID(), { ...starting, headers: { ...starting.headers, "retry-after": "1" } });
}

/** Answers requests like the HTTP API of a stack. */
export function createHttpApi(options: HttpApiOptions): RequestListener {
  const api = new HttpApi(options);
  return (request, response) => {
    api.answer(request, response).catch(() => {
      // The client disconnected or did not send HTTP, so that nobody waits for a response.
      response.destroy();
    });
  };
}
