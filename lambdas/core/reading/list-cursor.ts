import { createHash } from "node:crypto";
import * as z from "zod/mini";

const cursorSchema = z.object({ after: z.string(), of: z.string() });

/** Where a list goes on: after the item with this key. It goes with the question that it came from (`asked`). */
export function encodeListCursor(after: string, asked: readonly (string | undefined)[]): string {
  return Buffer.from(JSON.stringify({ after, of: fingerprint(after, asked) })).toString("base64url");
}

/** `undefined` when the text is no cursor of ours, was changed, or belongs to another question. */
export function decodeListCursor(text: string, asked: readonly (string | undefined)[]): string | undefined {
  const parsed = cursorSchema.safeParse(parseJson(Buffer.from(text, "base64url").toString()));
  if (!parsed.success || parsed.data.of !== fingerprint(parsed.data.after, asked)) return undefined;
  return parsed.data.after;
}

// Not a signature: a forged cursor leads to no more than the list that the caller may read anyway.
function fingerprint(after: string, asked: readonly (string | undefined)[]): string {
  return createHash("sha256")
    .update(JSON.stringify([after, ...asked]))
    .digest("hex")
    .slice(0, 16);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
