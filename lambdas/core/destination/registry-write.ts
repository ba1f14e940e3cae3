import type { Entry } from "../entry/entry.ts";

export interface RowKey {
  workspace: string;
  item: string;
}

/** Any row of the Registry: management writes those of workspaces, destinations, lanes, replays and limits alike. */
export type RegistryRow = RowKey & Readonly<Record<string, unknown>>;

/** A row that is replaced only under a condition on the version that was read. */
export type VersionedRow = RegistryRow & { version: number };

/**
 * One part of a change; all parts of a change are carried out together, or none is.
 *
 * - `create`: the row must not be there.
 * - `replace`: carries the version it read and stores that plus one; refused when the row has another version or is gone.
 * - `remove`: refused when the row is gone or, where a version is named, has another one.
 * - `require`: the row must be there with that version.
 * - `count`: adds to a counter; refused when it would pass `atMost`.
 * - `freeze`: a purge of the workspace that is under way removes no further page.
 * - `record`: an entry of the workspace's log, of our own.
 */
export type RegistryWrite =
  | { kind: "create"; row: RegistryRow }
  | { kind: "replace"; row: VersionedRow }
  | { kind: "remove"; key: RowKey; version?: number }
  | { kind: "require"; key: RowKey; version: number }
  | { kind: "count"; key: RowKey; by: number; atMost?: number }
  | { kind: "freeze"; workspace: string }
  | { kind: "record"; entry: Entry };

/** `refused` names the first part whose condition failed; `contended`: another write on the same rows was under way. */
export type CommitResult =
  | { kind: "committed" }
  | { kind: "refused"; write: RegistryWrite }
  | { kind: "contended" };

/** Changes of the Registry, and what they record in the log with it. */
export interface RegistryWriter {
  commit(writes: readonly [RegistryWrite, ...RegistryWrite[]]): Promise<CommitResult>;
  /** Whatever its version, and by itself. One that is gone is fine. */
  removeRow(key: RowKey): Promise<void>;
}

/** Sort key of the counter of a workspace's destinations. */
export const DESTINATION_COUNT = "count#destinations";
