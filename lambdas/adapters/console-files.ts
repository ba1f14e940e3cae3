import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** Files of the console by their path below its folder; `undefined` when there is none. Kept once read. */
export interface ConsoleFiles {
  read(path: string): Promise<Uint8Array | undefined>;
}

// Letters, digits and single dots inside a name: nothing that leads out of the folder, and no hidden file.
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
