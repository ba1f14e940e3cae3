import type { Entry, EntryReference } from "./entry.ts";

export type SoughtEntry = Pick<EntryReference, "entry" | "shard"> &
  Partial<Pick<EntryReference, "recordedAt">>;

/** Tells the entries that are sought from newer ones under the same keys. */
export function soughtAmong(references: readonly SoughtEntry[]): (entry: Entry) => boolean {
  const sought = new Set(references.map(({ entry, recordedAt }) => `${entry} ${recordedAt ?? ""}`));
  return ({ entry, recordedAt }) => sought.has(`${entry} ${recordedAt}`) || sought.has(`${entry} `);
}

/** Entries of the Events table. Every read is strongly consistent. */
export interface EntryStore {
  /** One conditional put; `exists` carries what was there. */
  putEntry(entry: Entry): Promise<{ kind: "recorded" } | { kind: "exists"; entry: Entry }>;
  /**
   * By entry key; an entry that is not there is missing from the map. So is one of another `recordedAt`, where a reference names
   * it: an idempotency key used again after its entry has expired records a newer one under the same key.
   */
  readEntries(workspace: string, references: readonly SoughtEntry[]): Promise<Map<string, Entry>>;
}

/** Moves the expiry (epoch seconds) of an entry that still exists later, never earlier; answers the write units that it took. */
export type ExtendEntry = (
  workspace: string,
  entry: Pick<EntryReference, "entry" | "shard" | "recordedAt">,
  expiresAt: number,
) => Promise<number>;
