import * as z from "zod/mini";
import { partOfEach } from "../base/map-each.ts";
import { rowFields, secretFields } from "./destination-fields.ts";
import { traceSchemas } from "./field-values.ts";

/**
 * One destination's row: its fields as `destination-fields.ts` lists them, and what Trailcast keeps about it. Values of write-only
 * fields are in Secrets Manager, never here: of custom headers, `headerNames` is all that the table knows.
 */
export const destinationSchema = z.object({
  workspace: z.string(),
  item: z.string(),
  destination: z.string(),
  ...partOfEach(rowFields, "row"),
  ...traceSchemas,
  secretName: z.string(),
  /** The version of the secret that counts: another one there was written for a change that was not completed. */
  secretVersion: z.string(),
  /** Counts every change (ETag). */
  version: z.number(),
  /** Counts changes of fields that decide what a request carries (`supersede`). */
  contentVersion: z.number(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type Destination = z.infer<typeof destinationSchema>;

/**
 * What Secrets Manager holds for a destination (JSON); one version of it never changes. `former` secrets sign too until their
 * grace ends. The write-only fields are beside them with their values, such as `headers`.
 */
export const destinationSecretSchema = z.object({
  current: z.string(),
  former: z.array(z.object({ secret: z.string(), validUntil: z.string() })),
  ...partOfEach(secretFields, "secret"),
});
export type DestinationSecret = z.infer<typeof destinationSecretSchema>;

/** The secrets that sign at `now` (milliseconds), newest first: one, or more during a rotation. */
export function signingSecrets({ current, former }: DestinationSecret, now: number): [string, ...string[]] {
  const at = new Date(now).toISOString();
  const valid = former.filter(({ validUntil }) => validUntil > at);
  return [current, ...valid.map(({ secret }) => secret)];
}

/** Whether an event's full type passes the filter of a destination. */
export function wantsType(eventTypes: readonly string[], type: string): boolean {
  if (eventTypes.length === 0) return true;
  return eventTypes.some((wanted) =>
    wanted.endsWith(".*") ? type.startsWith(wanted.slice(0, -1)) : type === wanted,
  );
}
