import { createHmac, timingSafeEqual } from "node:crypto";

const PREFIX = "whsec_";

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret, "base64");
}

/** Returns one `v1,<base64>` for each secret, newest first, separated by spaces: two during a rotation. */
export function signParts(parts: readonly (string | Uint8Array)[], secrets: readonly string[]): string {
  return secrets
    .map((secret) => {
      const hmac = createHmac("sha256", keyOf(secret));
      for (const part of parts) hmac.update(part);
      return `v1,${hmac.digest("base64")}`;
    })
    .join(" ");
}

/**
 * Signs as in Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body`. `timestamp` is in Unix seconds; secrets are
 * `whsec_` + base64.
 */
export function signBody(
  id: string,
  timestamp: number,
  body: string | Uint8Array,
  secrets: readonly string[],
): string {
  return signParts([`${id}.${timestamp}.`, body], secrets);
}

/** Returns true if any signature in a header was made with any of the secrets. */
export function hasValidSignature(
  header: string,
  parts: readonly (string | Uint8Array)[],
  secrets: readonly string[],
): boolean {
  const given = header.split(" ").filter((one) => one !== "");
  return secrets.some((secret) => {
    const expected = Buffer.from(signParts(parts, [secret]));
    return given.some((one) => {
      const bytes = Buffer.from(one);
      return bytes.byteLength === expected.byteLength && timingSafeEqual(bytes, expected);
    });
  });
}
