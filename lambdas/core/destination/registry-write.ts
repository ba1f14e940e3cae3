import type { Entry } from "../entry/entry.ts";

export interface RowKey {
  workspace: string;
  item: string;
}

/** Any row of the Registry: of a workspace, destination, lane, replay or limit. */
export type RegistryRow = RowKey & Readonly<Record<string, unknown>>;

/** A row that is replaced only if it still has the version that was read. */
export type VersionedRow = RegistryRow & { version: number };

/**
 * One write of a transaction.
 *
 * - `create`: the row must not exist.
 * - `replace`: `row` carries the version that was read; it is stored with that plus one. Refused when the stored row
 *   has another version or is gone.
 * - `remove`: refused when the row is gone or, if a version is given, has another one.
 * - `require`: the row must exist with that version.
 * - `count`: adds to a counter; refused when it would exceed `atMost`.
 * - `freeze`: a running purge of the workspace removes no further page.
 * - `record`: an entry of Trailcast's own in the workspace's log.
 */
export type RegistryWrite =
  | { kind: "create"; row: RegistryRow }
  | { kind: "replace"; row: VersionedRow }
  | { kind: "remove"; key: RowKey; version?: number }
  | { kind: "require"; key: RowKey; version: number }
  | { kind: "count"; key: RowKey; by: number; atMost?: number }
  | { kind: "freeze"; workspace: string }
  | { kind: "record"; entry: Entry };

/**
 * `refused` names the first write whose condition failed; `contended` means a concurrent transaction on the same rows.
 */
export type CommitResult =
  | { kind: "committed" }
  | { kind: "refused"; write: RegistryWrite }
  | { kind: "contended" };

/** Changes rows of the Registry and records audit events in the same transaction. */
export interface RegistryWriter {
  commit(writes: readonly [RegistryWrite, ...RegistryWrite[]]): Promise<CommitResult>;
  /** Removes one row whatever its version. Does nothing if it is gone. */
  removeRow(key: RowKey): Promise<void>;
}

/** Sort key of the counter of a workspace's destinations. */
export const DESTINATION_COUNT = "count#destinations";
