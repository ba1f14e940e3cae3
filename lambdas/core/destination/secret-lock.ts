import * as z from "zod/mini";
import { toTimestamp } from "../base/clock.ts";

/**
 * Held while a new version of a destination's secret is written: Secrets Manager drops a version without a label, and two writers at
 * once would take each other's. The change itself gives it back; one that died is not waited for longer than a request can live.
 */
export const secretLockSchema = z.object({
  workspace: z.string(),
  item: z.string(),
  version: z.number(),
  since: z.string(),
  /** Epoch seconds. */
  expiresAt: z.number(),
});
export type SecretLock = z.infer<typeof secretLockSchema>;

// API Gateway gives up at 30 s, and the function with it.
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

/** Its holder cannot live any more: another may take it. */
export function isAbandoned(lock: SecretLock, now: number): boolean {
  return Date.parse(lock.since) + HELD_AT_MOST_MS < now;
}
