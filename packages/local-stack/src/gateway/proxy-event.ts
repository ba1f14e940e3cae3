import type { IncomingMessage } from "node:http";
import { LOCAL_ACCOUNT } from "../region.ts";

/** What a function learns about a request besides the request itself. */
export interface ProxyContext {
  apiId: string;
  routeKey: string;
  pathParameters: Record<string, string>;
  claims: Record<string, string> | undefined;
  scopes: string[] | null;
  requestId: string;
  /** Milliseconds since 1970. */
  now: number;
}

const TEXT_TYPES =
  /^(text\/|application\/(json|xml|javascript|x-www-form-urlencoded)\b|[^;]*\+(json|xml)\b)/i;

/** `+` means a space, and repeated names are joined with commas, as in payload format 2.0. */
function queryParameters(query: string): Record<string, string> | undefined {
  if (query === "") return undefined;
  const parameters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    const before = parameters[name];
    parameters[name] = before === undefined ? value : `${before},${value}`;
  }
  return parameters;
}

function headersOf(request: IncomingMessage): Record<string, string> {
  const { cookie: _cookie, ...headers } = request.headers;
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(",") : value]],
    ),
  );
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** Time in the format of Apache's logs: `12/Mar/2020:19:03:58 +0000`. */
function commonLogTime(now: number): string {
  const at = new Date(now);
  const day = String(at.getUTCDate()).padStart(2, "0");
  return `${day}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}:${at.toISOString().slice(11, 19)} +0000`;
}

function requestContext(request: IncomingMessage, path: string, context: ProxyContext): object {
  const host = request.headers.host ?? "localhost";
  return {
    accountId: LOCAL_ACCOUNT,
    apiId: context.apiId,
    ...(context.claims !== undefined && {
      authorizer: { jwt: { claims: context.claims, scopes: context.scopes } },
    }),
    domainName: host,
    domainPrefix: host.split(/[.:]/)[0],
    http: {
      method: request.method,
      path,
      protocol: `HTTP/${request.httpVersion}`,
      sourceIp: request.socket.remoteAddress ?? "127.0.0.1",
      userAgent: request.headers["user-agent"] ?? "",
    },
    requestId: context.requestId,
    routeKey: context.routeKey,
    stage: "$default",
    time: commonLogTime(context.now),
    timeEpoch: context.now,
  };
}

/** The event in payload format 2.0, as JSON text. */
export function proxyEvent(request: IncomingMessage, body: Buffer, context: ProxyContext): string {
  const [rawPath = "/", ...rest] = (request.url ?? "/").split("?");
  const rawQueryString = rest.join("?");
  const isText = TEXT_TYPES.test(request.headers["content-type"] ?? "text/plain");
  const cookies = request.headers.cookie?.split("; ");
  return JSON.stringify({
    version: "2.0",
    routeKey: context.routeKey,
    rawPath,
    rawQueryString,
    cookies,
    headers: headersOf(request),
    queryStringParameters: queryParameters(rawQueryString),
    requestContext: requestContext(request, rawPath, context),
    pathParameters: Object.keys(context.pathParameters).length === 0 ? undefined : context.pathParameters,
    body: body.length === 0 ? undefined : body.toString(isText ? "utf8" : "base64"),
    isBase64Encoded: body.length > 0 && !isText,
  });
}
