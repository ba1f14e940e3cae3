import type { IncomingMessage } from "node:http";
import type { Cors } from "./api-settings.ts";
import type { GatewayResponse } from "./proxy-response.ts";

function allowedOrigin(cors: Cors, request: IncomingMessage): string | undefined {
  const { origin } = request.headers;
  if (origin === undefined) return undefined;
  if (cors.AllowOrigins.includes("*")) return "*";
  return cors.AllowOrigins.includes(origin) ? origin : undefined;
}

/** The CORS headers for a browser on another site; none if that site is not allowed. */
export function corsHeaders(cors: Cors | undefined, request: IncomingMessage): Record<string, string> {
  const origin = cors === undefined ? undefined : allowedOrigin(cors, request);
  if (cors === undefined || origin === undefined) return {};
  return {
    "access-control-allow-origin": origin,
    ...(origin !== "*" && { vary: "Origin" }),
    ...(cors.AllowCredentials && { "access-control-allow-credentials": "true" }),
    ...(cors.ExposeHeaders.length > 0 && { "access-control-expose-headers": cors.ExposeHeaders.join(",") }),
  };
}

/** API Gateway itself answers preflight requests if the API has a CORS configuration. */
export function preflight(cors: Cors | undefined, request: IncomingMessage): GatewayResponse | undefined {
  const isPreflight =
    request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
  if (cors === undefined || !isPreflight) return undefined;
  const headers = corsHeaders(cors, request);
  if (headers["access-control-allow-origin"] === undefined) return { status: 204, headers: {}, body: "" };
  return {
    status: 204,
    headers: {
      ...headers,
      "access-control-allow-methods": cors.AllowMethods.join(","),
      "access-control-allow-headers": cors.AllowHeaders.join(","),
      ...(cors.MaxAge !== undefined && { "access-control-max-age": String(cors.MaxAge) }),
    },
    body: "",
  };
}
