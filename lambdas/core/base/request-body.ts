import { type Problem, problems } from "./problem.ts";

export type ReadBody<Value> = { ok: true; value: Value } | { ok: false; problem: Problem };

/** Bytes of a body, text counted as UTF-8. */
export function bodyBytes(body: string | Uint8Array): number {
  return typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
}

function toText(body: string | Uint8Array): string {
  return typeof body === "string" ? body : new TextDecoder("utf-8", { fatal: true }).decode(body);
}

/** Parses a body as JSON. A body over the limit is refused without being parsed. */
export function readJson(body: string | Uint8Array | undefined, limitBytes: number): ReadBody<unknown> {
  if (body === undefined) return { ok: false, problem: problems.notJson() };
  if (bodyBytes(body) > limitBytes) return { ok: false, problem: problems.bodyTooLarge(limitBytes) };
  try {
    const value: unknown = JSON.parse(toText(body));
    return { ok: true, value };
  } catch {
    return { ok: false, problem: problems.notJson() };
  }
}
