import { createHash } from "node:crypto";
import type { EntryReference } from "../entry/entry.ts";
import type { Page } from "./page.ts";

function referenceFacts(reference: EntryReference): unknown[] {
  const { entry, shard, recordedAt, count, bytes, expiresAt, hash, trace, retentionInternal } = reference;
  const facts = [entry, shard, recordedAt, count, bytes, expiresAt, hash, trace ?? null];
  return retentionInternal === undefined ? facts : [...facts, retentionInternal];
}

/**
 * SHA-256 (hex) over all fields of a page in a fixed order, including the hash of the previous page and of each entry's
 * bytes. A page can therefore not be changed without changing every later page.
 */
export function pageHash(page: Omit<Page, "hash">): string {
  const { workspace, page: number, at, seq, late, total, previousHash, entries } = page;
  const facts = [workspace, number, at, seq, late, total, previousHash, entries.map(referenceFacts)];
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex");
}
