import type { Advice, Answer, Judgement } from "./format.ts";

/** Judges a response by its status alone. A redirect counts as a failure, because it is never followed. */
export function judgeStatus({ statusCode }: Answer): Judgement {
  if (statusCode >= 200 && statusCode < 300) return { kind: "delivered" };
  const error = `HTTP ${statusCode}`;
  if (statusCode === 410) return { kind: "gone", error };
  if (statusCode === 413) return { kind: "too-large", error };
  const advice = adviceFor(statusCode);
  return { kind: "refused", error, ...(advice !== undefined && { advice }) };
}

function adviceFor(statusCode: number): Advice | undefined {
  if (statusCode === 401 || statusCode === 403) return "credentials";
  return statusCode === 415 ? "format" : undefined;
}
