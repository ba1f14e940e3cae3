import * as z from "zod/mini";

/**
 * One destination's row. Secret and header values are in Secrets Manager, never here: `headerNames` is all that the table knows.
 * `contentVersion` counts changes of `format` and `eventTypes`, the two that decide a body; `version` counts every change (ETag).
 */
export const destinationSchema = z.object({
  workspace: z.string(),
  item: z.string(),
  destination: z.string(),
  name: z.string(),
  url: z.string(),
  format: z.enum(["cloudevents-batch", "cloudevents-structured"]),
  /** Empty: every type. Otherwise full types, or `….*` for all below. */
  eventTypes: z.array(z.string()),
  headerNames: z.array(z.string()),
  secretName: z.string(),
  version: z.number(),
  contentVersion: z.number(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type Destination = z.infer<typeof destinationSchema>;

/** What Secrets Manager holds for a destination (JSON). `previous` signs too until `previousValidUntil`. */
export const destinationSecretSchema = z.object({
  current: z.string(),
  previous: z.optional(z.string()),
  previousValidUntil: z.optional(z.string()),
  headers: z.record(z.string(), z.string()),
});
export type DestinationSecret = z.infer<typeof destinationSecretSchema>;

/** Whether an event's full type passes the filter of a destination. */
export function wantsType(eventTypes: readonly string[], type: string): boolean {
  if (eventTypes.length === 0) return true;
  return eventTypes.some((wanted) =>
    wanted.endsWith(".*") ? type.startsWith(wanted.slice(0, -1)) : type === wanted,
  );
}
