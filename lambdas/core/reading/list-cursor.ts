import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { parseJson } from "../base/json.ts";

const cursorSchema = z.object({ after: z.string(), of: z.string() });

/**
 * A cursor that continues a list after the item with this key. It is only valid for the same request parameters
 * (`asked`).
 */
export function encodeListCursor(after: string, asked: readonly (string | undefined)[]): string {
  return Buffer.from(JSON.stringify({ after, of: fingerprint(after, asked) })).toString("base64url");
}

/** `undefined` if the text is no cursor, was changed, or belongs to a request with other parameters. */
export function decodeListCursor(text: string, asked: readonly (string | undefined)[]): string | undefined {
  const parsed = cursorSchema.safeParse(parseJson(Buffer.from(text, "base64url").toString()));
  if (!parsed.success || parsed.data.of !== fingerprint(parsed.data.after, asked)) return undefined;
  return parsed.data.after;
}

// This is no signature: a forged cursor leads only to a list that the caller may read anyway.
function fingerprint(after: string, asked: readonly (string | undefined)[]): string {
  return createHash("sha256")
    .update(JSON.stringify([after, ...asked]))
    .digest("hex")
    .slice(0, 16);
}
