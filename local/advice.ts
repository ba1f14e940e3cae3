import { DataFolderInUseError, PortTakenError, SigningKeyError } from "@trailcast/local-stack";

const OTHER_FOLDER = "npm start -- --data DIR";
const OF_ANOTHER_USER = `It belongs to another user: to root, after a start by sudo. Take it back (chown -R) or remove it. Another data folder: ${OTHER_FOLDER}`;
const NO_FOLDER = `A part of this path is a file. Name a folder: ${OTHER_FOLDER}`;

/** What to do, by the code of a file system error. */
const FILE_ADVICE: Readonly<Record<string, string>> = {
  EACCES: OF_ANOTHER_USER,
  EPERM: OF_ANOTHER_USER,
  EROFS: `That file system is read-only. Start on another one: ${OTHER_FOLDER}`,
  EEXIST: NO_FOLDER,
  ENOTDIR: NO_FOLDER,
  EISDIR: "There is a folder where a file should be: move it away.",
  ENOSPC: "The disk is full.",
};

/** Returns advice on a file system error with its path; `undefined` for any other error. */
export function adviceOnFile(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  const advice = FILE_ADVICE[error.code];
  const path = "path" in error && typeof error.path === "string" ? `${error.path}: ` : "";
  return advice === undefined ? undefined : `${path}${error.code}. ${advice}`;
}

/** Returns what `npm start` prints for an error that ends it: advice if there is any, else the stack trace. */
export function adviceOn(error: unknown): string {
  if (error instanceof PortTakenError) {
    return `Port ${error.port} is taken. Start on another one: npm start -- --port ${error.port + 1} (0 takes a free one).`;
  }
  if (error instanceof DataFolderInUseError) {
    return `${error.dir} is in use by process ${error.pid}. Stop that one, or start beside it: ${OTHER_FOLDER} --port 0`;
  }
  if (error instanceof SigningKeyError) return error.message;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return adviceOnFile(error) ?? stack;
}
