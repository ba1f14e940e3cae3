import * as z from "zod/mini";
import { isWorkspaceId } from "../base/ids.ts";
import type { LogFields } from "../base/log.ts";
import { workspaceOfPartition } from "../base/table-schema.ts";

/**
 * A stream record that fan-out could not process. It stays in quarantine until a redrive journals it or finds that its
 * entry has expired.
 */
export const quarantinedSchema = z.object({
  label: z.string(),
  sequenceNumber: z.string(),
  /** Key of the entry in the Events table; empty if it could not be read. */
  partition: z.string(),
  entry: z.string(),
  /** `record`: the record does not have the shape of an entry. `journal`: the workspace's journal could not be read. */
  reason: z.enum(["record", "journal"]),
  at: z.string(),
});
export type Quarantined = z.infer<typeof quarantinedSchema>;

/** Log fields of a row. A partition key that is not a workspace id is text from outside, so it is left out. */
export function logFieldsOf({ partition, entry, sequenceNumber }: Quarantined): LogFields {
  const { workspace } = workspaceOfPartition(partition);
  return { ...(isWorkspaceId(workspace) && { workspace }), entry, sequenceNumber };
}

export interface QuarantineStore {
  /** Idempotent: a record has one row, however often it is put. */
  putRow(row: Quarantined): Promise<void>;
  /** At most `limit` rows in no particular order; pass `next` to continue. */
  listRows(limit: number, next?: string): Promise<{ rows: Quarantined[]; next: string | undefined }>;
  closeRow(row: Quarantined): Promise<void>;
}
