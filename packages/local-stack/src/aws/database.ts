import { DatabaseSync } from "node:sqlite";

/**
 * Opens the database file of the stand-ins, or creates it. WAL with `synchronous=NORMAL`: a commit survives `kill -9`
 * of the process, but not a power cut.
 */
export function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;");
  return database;
}
