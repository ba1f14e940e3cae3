import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DataFolderInUseError } from "../errors.ts";

function readPid(file: string): number {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return 0;
  }
}

/**
 * Takes a data folder for this process until `release` is called, or the process ends in whatever way: the lock is the
 * operating system's, by an open transaction, so that nothing stays behind after `kill -9`.
 * @throws DataFolderInUseError
 */
export function lockDataFolder(path: string): { dir: string; release(): void } {
  const dir = resolve(path);
  mkdirSync(dir, { recursive: true });
  const pidFile = join(dir, "runtime.pid");
  const lock = new DatabaseSync(join(dir, "runtime.lock"));
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch {
    lock.close();
    throw new DataFolderInUseError(dir, readPid(pidFile));
  }
  writeFileSync(pidFile, String(process.pid));
  return { dir, release: () => lock.close() };
}
