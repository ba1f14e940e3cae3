import type { Destination, DestinationSecret } from "./destination/destination.ts";
import type { Workspace } from "./workspace/entitlement.ts";
import type { Entry, EntryReference } from "./entry/entry.ts";
import type { Lane, Ring } from "./lane/lane.ts";
import type { Page } from "./journal/page.ts";

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

/** Pages of the Journal table. Every read is strongly consistent. */
export interface JournalStore {
  newestPage(workspace: string): Promise<Page | undefined>;
  oldestPage(workspace: string): Promise<Page | undefined>;
  readPage(workspace: string, page: number): Promise<Page | undefined>;
  /** The next existing pages from `page` on, in order: holes are what a purge left. */
  readPagesFrom(workspace: string, page: number, limit: number): Promise<Page[]>;
  /** Put if the number is free. */
  putPage(page: Page): Promise<"put" | "exists">;
}

/** Workspace rows, strongly consistent. */
export interface WorkspaceReader {
  readWorkspace(workspace: string): Promise<Workspace | undefined>;
}

/** Lane rows, strongly consistent. A write carries the version it read and stores it plus one. */
export interface LaneStore {
  readLane(ring: Ring): Promise<Lane | undefined>;
  /** The lanes of a workspace that deliver: live ones and replays under way. */
  lanesOf(workspace: string): Promise<Lane[]>;
  /** Replaces the row if its version is still `lane.version`; answers the row as stored, or `stale`. */
  replaceLane(lane: Lane): Promise<Lane | "stale">;
}

export interface DestinationReader {
  readDestination(workspace: string, destination: string): Promise<Destination | undefined>;
}

export interface SecretReader {
  /**
   * One version of a destination's secret, as its row names it (`secretVersion`): it never changes, so a rotation counts from the
   * next attempt on, whatever is cached. `undefined` when the secret is gone.
   */
  readSecret(secretName: string, secretVersion: string): Promise<DestinationSecret | undefined>;
}

/** A doorbell per lane: losing, repeating or reordering a ring loses, repeats or reorders no event. */
export interface RingQueue {
  ring(rings: readonly Ring[]): Promise<void>;
}
