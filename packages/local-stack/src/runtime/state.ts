import type { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { openDatabase } from "../aws/services.ts";

/** Opens the runtime's own state: checkpoints of mappings, next times of schedules, pending invocations and secrets. */
export function openState(dir: string): DatabaseSync {
  const database = openDatabase(join(dir, "runtime.db"));
  database.exec(`
    CREATE TABLE IF NOT EXISTS checkpoints (
      mapping TEXT NOT NULL, stream TEXT NOT NULL, sequence TEXT NOT NULL, PRIMARY KEY (mapping, stream)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS schedules (schedule TEXT PRIMARY KEY, expression TEXT NOT NULL, next INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS async_invocations (
      id INTEGER PRIMARY KEY AUTOINCREMENT, function TEXT NOT NULL, source TEXT NOT NULL, event TEXT NOT NULL,
      sent INTEGER NOT NULL, attempts INTEGER NOT NULL, due INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, bucket TEXT NOT NULL, object TEXT NOT NULL, document TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS objects (
      bucket TEXT NOT NULL, object TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (bucket, object)
    ) STRICT;
  `);
  return database;
}

/** The text in a column of a row, if there is a row. */
export function textColumn(row: Record<string, unknown> | undefined, column: string): string | undefined {
  const value = row?.[column];
  return typeof value === "string" ? value : undefined;
}
