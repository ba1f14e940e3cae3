import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
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

/** The files that SQLite opens. Its own errors would name neither the file nor the cause. */
const DATABASES = ["runtime.lock", "runtime.db", "aws.db"];

function requireWritable(dir: string): void {
  const { R_OK, W_OK, X_OK } = constants;
  accessSync(dir, R_OK | W_OK | X_OK);
  for (const file of DATABASES.map((name) => join(dir, name))) {
    if (existsSync(file)) accessSync(file, R_OK | W_OK);
  }
}

/**
 * Locks a data folder for this process until `release` is called or the process ends. An open transaction holds a lock
 * of the operating system, so that nothing is left after `kill -9`.
 * @throws DataFolderInUseError, or an error of the file system with `code` and `path`
 */
export function lockDataFolder(path: string): { dir: string; release(): void } {
  const dir = resolve(path);
  mkdirSync(dir, { recursive: true });
  requireWritable(dir);
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
