import * as z from "zod";

const headerValue = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const responseSchema = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), headerValue).nullish(),
  cookies: z.array(z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().default(false),
});

/** The response to the client. */
export interface GatewayResponse {
  status: number;
  headers: Record<string, string | string[]>;
  body: string | Buffer;
}

/** A response of API Gateway itself. */
export function gatewayMessage(status: number, message: string): GatewayResponse {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify({ message }) };
}

export const INTERNAL_ERROR = gatewayMessage(500, "Internal Server Error");

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Reads a function's result by payload format 2.0: without a `statusCode` the whole result is the body. */
export function proxyResponse(result: string): GatewayResponse {
  const value = parseText(result);
  if (typeof value !== "object" || value === null || !("statusCode" in value)) {
    const body = typeof value === "string" ? value : result;
    return { status: 200, headers: { "content-type": "application/json" }, body };
  }
  const parsed = responseSchema.safeParse(value);
  if (!parsed.success) return INTERNAL_ERROR;
  const { statusCode, headers, cookies, body, isBase64Encoded } = parsed.data;
  const lower = Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, text]) => [name.toLowerCase(), text]),
  );
  return {
    status: statusCode,
    headers: {
      "content-type": "text/plain;charset=UTF-8",
      ...lower,
      ...((cookies?.length ?? 0) > 0 && { "set-cookie": cookies ?? [] }),
    },
    body: isBase64Encoded ? Buffer.from(body ?? "", "base64") : (body ?? ""),
  };
}
