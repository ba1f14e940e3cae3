import * as z from "zod/mini";
import { renamedAttributes } from "../base/renamed-attributes.ts";

/** Attributes that entries and their references had under other names in earlier versions. */
export const RENAMED_ENTRY_ATTRIBUTES = { upkeep: "retentionInternal" } as const;

/**
 * One item of the Events table: what one POST recorded. It is written once and never changed, except that `expiresAt` may move later.
 *
 * `body` is the events' CloudEvents JSON, one event a line, in the order of the request; compressed if `encoding` says so.
 * `hash` is the SHA-256 (hex) of the uncompressed body, `requestHash` that of the request, which an idempotent repeat must match.
 */
export const entrySchema = renamedAttributes(
  z.object({
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
    /** True for events that retention records about itself. Their expiry alone causes neither a receipt nor a notice. */
    retentionInternal: z.optional(z.boolean()),
  }),
  RENAMED_ENTRY_ATTRIBUTES,
);
export type Entry = z.infer<typeof entrySchema>;

/** What a page stores of an entry: enough to plan a delivery and to verify the chain without reading the entry itself. */
export const entryReferenceSchema = renamedAttributes(
  z.object({
    entry: z.string(),
    shard: z.number(),
    recordedAt: z.string(),
    count: z.number(),
    bytes: z.number(),
    expiresAt: z.number(),
    hash: z.string(),
    trace: z.optional(z.string()),
    retentionInternal: z.optional(z.boolean()),
  }),
  RENAMED_ENTRY_ATTRIBUTES,
);
export type EntryReference = z.infer<typeof entryReferenceSchema>;
