import { describe, expect, it } from "vitest";
import { entryReferenceSchema } from "../../../../lambdas/core/entry/entry.ts";
import { pageHash } from "../../../../lambdas/core/journal/page-hash.ts";
import { pageSchema } from "../../../../lambdas/core/journal/page.ts";

const facts = {
  entry: "0a".repeat(16),
  shard: 0,
  recordedAt: "2026-11-23T12:00:00.000Z",
  count: 1,
  bytes: 100,
  expiresAt: 1_800_000_000,
  hash: "ab".repeat(32),
};

describe("an attribute that had another name in an earlier version", () => {
  it("is read as the new attribute", () => {
    expect(entryReferenceSchema.parse({ ...facts, upkeep: true })).toEqual({
      ...facts,
      retentionInternal: true,
    });
    expect(entryReferenceSchema.parse(facts)).toEqual(facts);
  });

  it("is ignored if the attribute is also there under its new name", () => {
    expect(entryReferenceSchema.parse({ ...facts, upkeep: true, retentionInternal: false })).toEqual({
      ...facts,
      retentionInternal: false,
    });
  });

  it("does not change the hash of the page", () => {
    const page = {
      workspace: "ws_1",
      page: 1,
      at: facts.recordedAt,
      seq: "",
      late: 0,
      total: 1,
      previousHash: "",
    };
    // Computed by the version with the old name: attribute names are not part of the hash.
    const hash = "11694dab99b0e2936eff2109457d7ecdf277350406297a8bd09c5fc6b2422047";
    const read = pageSchema.parse({ ...page, hash, entries: [{ ...facts, upkeep: true }] });
    expect(pageHash(read)).toBe(hash);
  });
});
