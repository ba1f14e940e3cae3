import { formatSchema } from "../formats/known-formats.ts";
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
  format: formatSchema,
  /** Empty: every type. Otherwise full types, or `….*` for all below. */
  eventTypes: z.array(z.string()),
  headerNames: z.array(z.string()),
  secretName: z.string(),
  /** The version of the secret that counts: another one there was written for a change that never came to be. */
  secretVersion: z.string(),
  version: z.number(),
  contentVersion: z.number(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type Destination = z.infer<typeof destinationSchema>;

/**
 * What Secrets Manager holds for a destination (JSON); one version of it never changes. `former` secrets sign too until their
 * grace ends. `headers` are the custom headers with their values.
 */
export const destinationSecretSchema = z.object({
  current: z.string(),
  former: z.array(z.object({ secret: z.string(), validUntil: z.string() })),
  headers: z.record(z.string(), z.string()),
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
