import * as z from "zod/mini";
import { isWorkspaceId } from "../base/ids.ts";
import type { LogFields } from "../base/log.ts";
import { workspaceOfPartition } from "../base/table-schema.ts";

/** A stream record that fan-out could not process, set aside until a redrive journals it or finds it expired. */
export const quarantinedSchema = z.object({
  label: z.string(),
  sequenceNumber: z.string(),
  /** Key of the entry in the Events table; empty where even that was unreadable. */
  partition: z.string(),
  entry: z.string(),
  /** `record`: not the shape of an entry; `journal`: the workspace's journal could not be read. */
  reason: z.enum(["record", "journal"]),
  at: z.string(),
});
export type Quarantined = z.infer<typeof quarantinedSchema>;

/** What a log line says of a row; a key that is no workspace's is text from outside, and left out. */
export function logFieldsOf({ partition, entry, sequenceNumber }: Quarantined): LogFields {
  const { workspace } = workspaceOfPartition(partition);
  return { ...(isWorkspaceId(workspace) && { workspace }), entry, sequenceNumber };
}

export interface QuarantineStore {
  /** Idempotent: the same record is one row. */
  putRow(row: Quarantined): Promise<void>;
  /** Rows in no order, at most `limit`; `next` goes on. */
  listRows(limit: number, next?: string): Promise<{ rows: Quarantined[]; next: string | undefined }>;
  closeRow(row: Quarantined): Promise<void>;
}
