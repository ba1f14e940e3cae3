import * as z from "zod/mini";

/**
 * One item of the Events table: what one POST recorded, written once.
 *
 * `body` is the events' CloudEvents JSON, one a line, in the order of the request; compressed when `encoding` says so.
 * `hash` is the SHA-256 (hex) of the uncompressed body, `requestHash` that of the request for the idempotency check.
 */
export const entrySchema = z.object({
  partition: z.string(),
  entry: z.string(),
  workspace: z.string(),
  shard: z.number(),
  recordedAt: z.string(),
  expiresAt: z.number(),
  count: z.number(),
  bytes: z.number(),
  encoding: z.enum(["plain", "zstd"]),
  body: z.instanceof(Uint8Array),
  hash: z.string(),
  requestHash: z.string(),
  trace: z.optional(z.string()),
  /** Only what retention tells of itself, which is worth no receipt and no notice of its own once it expires. */
  upkeep: z.optional(z.boolean()),
});
export type Entry = z.infer<typeof entrySchema>;

/** What a page says of an entry: enough to plan a delivery and to verify the chain without reading the entry. */
export const entryReferenceSchema = z.object({
  entry: z.string(),
  shard: z.number(),
  recordedAt: z.string(),
  count: z.number(),
  bytes: z.number(),
  expiresAt: z.number(),
  hash: z.string(),
  trace: z.optional(z.string()),
  upkeep: z.optional(z.boolean()),
});
export type EntryReference = z.infer<typeof entryReferenceSchema>;
