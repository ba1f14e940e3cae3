import * as z from "zod";
import { AwsError } from "../../aws-service.ts";
import { isRecord, validationError } from "../attribute-value.ts";
import type { TableStore } from "../table-store.ts";

/** One API action: reads its input and returns its output. */
export type Action = (store: TableStore, input: Record<string, unknown>) => Record<string, unknown>;

export const capacityMode = z.enum(["INDEXES", "TOTAL", "NONE"]).optional();
export const failureMode = z.enum(["ALL_OLD", "NONE"]).optional();
export const tableName = z.string().min(1);
/** An item, a key or a map of values. `parseItem` reads it once its table is known. */
export const attributes = z.custom<Record<string, unknown>>(isRecord, "Member must be a map");

function fieldName(path: readonly PropertyKey[]): string {
  const [first = "", ...rest] = path.map(String);
  return [first.charAt(0).toLowerCase() + first.slice(1), ...rest].join(".");
}

function isMissing(input: unknown, path: readonly PropertyKey[]): boolean {
  let value = input;
  for (const step of path)
    value = typeof value === "object" && value !== null ? Reflect.get(value, step) : undefined;
  return value === undefined;
}

function complaint(issue: z.core.$ZodIssue, input: unknown): string {
  if (issue.code === "unrecognized_keys") {
    return `the local stack does not support the DynamoDB parameter ${issue.keys.join(", ")}`;
  }
  const field = fieldName(issue.path);
  return isMissing(input, issue.path)
    ? `1 validation error detected: Value null at '${field}' failed to satisfy constraint: Member must not be null`
    : `1 validation error detected: Value at '${field}' failed to satisfy constraint: ${issue.message}`;
}

/** Reads a call's input. A parameter that the schema does not name is refused. */
export function parseInput<T extends z.ZodType>(schema: T, input: Record<string, unknown>): z.output<T> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw validationError(issue === undefined ? "invalid input" : complaint(issue, input));
}

/** The error of a failed condition, with the item as it was if the caller asked for it. */
export function conditionFailed(item: Record<string, unknown> | undefined): AwsError {
  return new AwsError("ConditionalCheckFailedException", "The conditional request failed", {
    extra: item === undefined ? {} : { Item: item },
  });
}
