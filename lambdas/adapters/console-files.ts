import { readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Reads files of the console by their path in its folder; `undefined` if there is no such file. Files stay in memory.
 */
export interface ConsoleFiles {
  read(path: string): Promise<Uint8Array | undefined>;
}

// Letters, digits and single dots within a name, so that no path leads out of the folder or to a hidden file.
const SAFE_PATH = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(\/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)*$/;

export function createConsoleFiles(folder: string): ConsoleFiles {
  const known = new Map<string, Uint8Array>();
  return {
    async read(path) {
      if (path.length > 200 || !SAFE_PATH.test(path)) return undefined;
      const present = known.get(path);
      if (present !== undefined) return present;
      const content = await readOrNone(join(folder, path));
      if (content !== undefined) known.set(path, content);
      return content;
    },
  };
}

async function readOrNone(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch {
    return undefined;
  }
}
