import * as z from "zod";
import type { InvocationResult } from "../functions/function-pool.ts";

const responseSchema = z
  .object({
    batchItemFailures: z.array(z.object({ itemIdentifier: z.unknown() })).nullish(),
  })
  .nullable();

/** The result of a batch: the identifiers of items that failed, or the failure of the whole batch. */
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
 * Reads a function's result by the rules of `ReportBatchItemFailures`: without a list, or with an empty one, the batch
 * succeeded. If an identifier is empty, not text or not from the batch, the whole batch failed.
 */
export function judgeBatch(
  result: InvocationResult,
  options: { reportsFailures: boolean; identifiers: readonly string[] },
): BatchOutcome {
  if (result.kind === "failed") return { kind: "failed" };
  if (!options.reportsFailures) return { kind: "succeeded" };
  const value = parseText(result.result);
  // A result that is text or a number reports no failures.
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
