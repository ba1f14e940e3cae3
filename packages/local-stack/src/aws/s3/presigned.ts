import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { AwsError } from "../aws-service.ts";

/** Presigned URLs are valid by real time, even if the stack's clock is faster, because the SDK signs with real time. */
const MAX_SECONDS = 604_800;

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function canonicalRequest(request: IncomingMessage, url: URL): string {
  const query = [...url.searchParams]
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted()
    .join("&");
  const signed = url.searchParams.get("X-Amz-SignedHeaders") ?? "host";
  const headers = signed.split(";").map((name) => `${name}:${String(request.headers[name] ?? "").trim()}\n`);
  return [request.method, url.pathname, query, headers.join(""), signed, "UNSIGNED-PAYLOAD"].join("\n");
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/** The Signature Version 4 of a presigned URL. */
function signatureOf(request: IncomingMessage, url: URL, secret: string): Buffer {
  const scope = (url.searchParams.get("X-Amz-Credential") ?? "").split("/").slice(1);
  const digest = createHash("sha256").update(canonicalRequest(request, url)).digest("hex");
  const text = ["AWS4-HMAC-SHA256", url.searchParams.get("X-Amz-Date"), scope.join("/"), digest].join("\n");
  const key = scope.reduce<string | Buffer>((previous, part) => hmac(previous, part), `AWS4${secret}`);
  return hmac(key, text);
}

function dateOf(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

/**
 * The access key that signed a URL, or undefined if it is not presigned.
 * @throws AwsError when the URL has expired or was changed
 */
export function presignedKey(
  request: IncomingMessage,
  url: URL,
  secret: string,
  now: number,
): string | undefined {
  const credential = url.searchParams.get("X-Amz-Credential");
  if (credential === null) return undefined;
  const seconds = Number(url.searchParams.get("X-Amz-Expires"));
  const signedAt = dateOf(url.searchParams.get("X-Amz-Date") ?? "");
  if (!(seconds > 0 && seconds <= MAX_SECONDS) || !(signedAt + seconds * 1000 > now)) {
    throw new AwsError("AccessDenied", "Request has expired", { statusCode: 403 });
  }
  const given = Buffer.from(url.searchParams.get("X-Amz-Signature") ?? "", "hex");
  const own = signatureOf(request, url, secret);
  if (given.length !== own.length || !timingSafeEqual(given, own)) {
    const message = "The request signature we calculated does not match the signature you provided.";
    throw new AwsError("SignatureDoesNotMatch", message, { statusCode: 403 });
  }
  return credential.split("/")[0];
}
