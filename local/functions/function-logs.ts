import { createWriteStream, mkdirSync, type WriteStream } from "node:fs";
import { join } from "node:path";

/** Appends what functions write to `DIR/logs/<name>.log`. */
export interface LogFiles {
  write(name: string, line: string): void;
  close(): Promise<void>;
}

export function openLogFiles(dir: string): LogFiles {
  const folder = join(dir, "logs");
  mkdirSync(folder, { recursive: true });
  const files = new Map<string, WriteStream>();
  const open = (name: string): WriteStream => {
    const known = files.get(name);
    if (known !== undefined) return known;
    const file = createWriteStream(join(folder, `${name}.log`), { flags: "a" });
    // A full or vanished disk must not end the stack for the sake of its logs.
    file.on("error", () => files.delete(name));
    files.set(name, file);
    return file;
  };
  const close = async (): Promise<void> => {
    await Promise.all([...files.values()].map((file) => new Promise((resolve) => file.end(resolve))));
  };
  return { write: (name, line) => void open(name).write(`${line}\n`), close };
}
