import * as z from "zod/mini";
import { registryItem } from "../base/table-schema.ts";

/** Recent times of a limited action (milliseconds since 1970, oldest first). Each limit has a row of its own. */
export const rateWindowSchema = z.object({
  workspace: z.string(),
  item: z.string(),
  version: z.number(),
  times: z.array(z.number()),
  /** TTL in epoch seconds: by then the row no longer affects the limit. */
  expiresAt: z.number(),
});
export type RateWindow = z.infer<typeof rateWindowSchema>;

export interface RateLimit {
  /** Name of the limit, part of the row's sort key. */
  name: string;
  most: number;
  windowMs: number;
}

/** Test events: 10 in any 60 seconds. */
export const TEST_LIMIT: RateLimit = { name: "test", most: 10, windowMs: 60_000 };

export function rateItem(limit: RateLimit): string {
  return registryItem.limit(limit.name, `${limit.windowMs / 1000}s`);
}

export type RateVerdict =
  | { kind: "allowed"; row: RateWindow }
  | { kind: "refused"; retryAfterSeconds: number };

/**
 * Decides whether one more action is within the limit in every window of its length, and returns the row to store if
 * so.
 */
export function takeTurn(
  workspace: string,
  row: RateWindow | undefined,
  limit: RateLimit,
  now: number,
): RateVerdict {
  const recent = (row?.times ?? []).filter((time) => time > now - limit.windowMs);
  const [oldest] = recent;
  if (oldest !== undefined && recent.length >= limit.most) {
    return {
      kind: "refused",
      retryAfterSeconds: Math.max(1, Math.ceil((oldest + limit.windowMs - now) / 1000)),
    };
  }
  return {
    kind: "allowed",
    row: {
      workspace,
      item: rateItem(limit),
      version: row?.version ?? 0,
      times: [...recent, now],
      expiresAt: Math.ceil((now + limit.windowMs) / 1000) + 3600,
    },
  };
}
