import type * as z from "zod";
import { AwsError } from "../../aws-service.ts";
import type { QueueService } from "../queue-service.ts";
import { invalidValue, missingParameter, sqsError } from "../sqs-error.ts";

/** One API action. `signal` is aborted when the caller has disconnected. */
export type Action = (
  service: QueueService,
  input: Record<string, unknown>,
  signal?: AbortSignal,
) => Record<string, unknown> | Promise<Record<string, unknown>>;

/** Reads a call's input. A parameter that the schema does not name is refused. */
export function parseInput<T extends z.ZodType>(schema: T, input: Record<string, unknown>): z.output<T> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === "unrecognized_keys") {
    throw sqsError(
      "InvalidParameterValue",
      `the local stack does not support the SQS parameter ${issue.keys.join(", ")}`,
    );
  }
  const [name] = issue?.path ?? [];
  if (name !== undefined && input[String(name)] === undefined) throw missingParameter(String(name));
  throw invalidValue(issue?.path.join(".") ?? "", "given", issue?.message ?? "invalid");
}

/** API reference: 1 to 10 entries with distinct ids of up to 80 letters, digits, hyphens and underscores. */
const MAX_ENTRIES = 10;
const ENTRY_ID = /^[A-Za-z0-9_-]{1,80}$/;

export function checkEntries(entries: readonly { Id: string }[]): void {
  if (entries.length === 0) {
    throw sqsError("EmptyBatchRequest", "There should be at least one entry in the request.");
  }
  if (entries.length > MAX_ENTRIES) {
    throw sqsError(
      "TooManyEntriesInBatchRequest",
      `Maximum number of entries per request are ${MAX_ENTRIES}. You have sent ${entries.length}.`,
    );
  }
  if (entries.some(({ Id }) => !ENTRY_ID.test(Id))) {
    throw sqsError(
      "InvalidBatchEntryId",
      "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
    );
  }
  const ids = entries.map(({ Id }) => Id);
  const repeated = ids.find((id, position) => ids.indexOf(id) !== position);
  if (repeated !== undefined) throw sqsError("BatchEntryIdsNotDistinct", `Id ${repeated} repeated.`);
}

/** Carries out each entry. An entry that is refused does not affect the others. */
export function eachEntry<T extends { Id: string }>(
  entries: readonly T[],
  work: (entry: T) => Record<string, unknown>,
): Record<string, unknown> {
  const successful: Record<string, unknown>[] = [];
  const failed: Record<string, unknown>[] = [];
  for (const entry of entries) {
    try {
      successful.push({ Id: entry.Id, ...work(entry) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      failed.push({ Id: entry.Id, SenderFault: true, Code: error.code, Message: error.message });
    }
  }
  return { Successful: successful, Failed: failed };
}
