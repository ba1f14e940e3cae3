import * as z from "zod";
import type { InvocationResult } from "../functions/function-pool.ts";

const responseSchema = z
  .object({
    batchItemFailures: z.array(z.object({ itemIdentifier: z.unknown() })).nullish(),
  })
  .nullable();

/** What came of a batch: identifiers of items that failed, or the whole of it. */
export type BatchOutcome =
  | { kind: "succeeded" }
  | { kind: "items"; failed: ReadonlySet<string> }
  | { kind: "failed" };

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Reads a function's answer by the rules of `ReportBatchItemFailures`: no list or an empty one is success; a list with
 * an identifier that is empty, no text or of no item of the batch means that the whole batch failed.
 */
export function judgeBatch(
  result: InvocationResult,
  options: { reportsFailures: boolean; identifiers: readonly string[] },
): BatchOutcome {
  if (result.kind === "failed") return { kind: "failed" };
  if (!options.reportsFailures) return { kind: "succeeded" };
  const value = parseText(result.result);
  // A text or number as answer says nothing of failures.
  if (typeof value !== "object") return { kind: "succeeded" };
  const parsed = responseSchema.safeParse(value);
  if (!parsed.success) return { kind: "failed" };
  const identifiers = (parsed.data?.batchItemFailures ?? []).map((failure) => failure.itemIdentifier);
  if (identifiers.length === 0) return { kind: "succeeded" };
  const known = new Set(options.identifiers);
  const failed = new Set<string>();
  for (const identifier of identifiers) {
    if (typeof identifier !== "string" || !known.has(identifier)) return { kind: "failed" };
    failed.add(identifier);
  }
  return { kind: "items", failed };
}
