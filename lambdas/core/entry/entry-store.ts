import type { Entry, EntryReference } from "./entry.ts";

export type SoughtEntry = Pick<EntryReference, "entry" | "shard"> &
  Partial<Pick<EntryReference, "recordedAt">>;

/** Returns a predicate that accepts the requested entries and rejects newer ones that reuse the same key. */
export function soughtAmong(references: readonly SoughtEntry[]): (entry: Entry) => boolean {
  const sought = new Set(references.map(({ entry, recordedAt }) => `${entry} ${recordedAt ?? ""}`));
  return ({ entry, recordedAt }) => sought.has(`${entry} ${recordedAt}`) || sought.has(`${entry} `);
}

/** Entries of the Events table. Every read is strongly consistent. */
export interface EntryStore {
  /** One conditional put; `exists` returns the entry that is already stored. */
  putEntry(entry: Entry): Promise<{ kind: "recorded" } | { kind: "exists"; entry: Entry }>;
  /**
   * Reads entries by key. The map lacks entries that are not stored, and entries whose `recordedAt` differs from that
   * of the reference: an `Idempotency-Key` that is used again after its entry expired stores a newer entry under the
   * same key.
   */
  readEntries(workspace: string, references: readonly SoughtEntry[]): Promise<Map<string, Entry>>;
}

/** Moves the expiry (epoch seconds) of an entry that still exists later, never earlier; answers the write units that it took. */
export type ExtendEntry = (
  workspace: string,
  entry: Pick<EntryReference, "entry" | "shard" | "recordedAt">,
  expiresAt: number,
) => Promise<number>;
