import * as z from "zod/mini";
import { toTimestamp } from "../base/clock.ts";

/**
 * Lock that is held while a new version of a destination's secret is written: Secrets Manager drops a version without a
 * label, so that two concurrent writers would lose one. The change itself releases the lock; that of a crashed request
 * expires after the longest time that a request can take.
 */
export const secretLockSchema = z.object({
  workspace: z.string(),
  item: z.string(),
  version: z.number(),
  since: z.string(),
  /** TTL in epoch seconds. */
  expiresAt: z.number(),
});
export type SecretLock = z.infer<typeof secretLockSchema>;

// API Gateway ends a request after 30 s, and the function has the same timeout.
const HELD_AT_MOST_MS = 60_000;

export function secretLockItem(destination: string): string {
  return `secret-lock#${destination}`;
}

export function newSecretLock(workspace: string, destination: string, now: number): SecretLock {
  return {
    workspace,
    item: secretLockItem(destination),
    version: 1,
    since: toTimestamp(now),
    expiresAt: Math.ceil(now / 1000) + 3600,
  };
}

/** Returns true if the holder can no longer be running, so that another request may take the lock. */
export function isAbandoned(lock: SecretLock, now: number): boolean {
  return Date.parse(lock.since) + HELD_AT_MOST_MS < now;
}
