import type { DatabaseSync } from "node:sqlite";
import { textColumn } from "../runtime/state.ts";

export interface Checkpoint {
  read(): string | undefined;
  write(sequenceNumber: string): void;
}

/** How far a mapping has read a stream. It is cached in memory, because it is read at each poll. */
export function openCheckpoint(database: DatabaseSync, mapping: string, streamArn: string): Checkpoint {
  const select = database.prepare("SELECT sequence FROM checkpoints WHERE mapping = ? AND stream = ?");
  const upsert = database.prepare(
    "INSERT INTO checkpoints VALUES (?, ?, ?) ON CONFLICT (mapping, stream) DO UPDATE SET sequence = excluded.sequence",
  );
  let current = textColumn(select.get(mapping, streamArn), "sequence");
  return {
    read: () => current,
    write: (sequenceNumber) => {
      upsert.run(mapping, streamArn, sequenceNumber);
      current = sequenceNumber;
    },
  };
}
