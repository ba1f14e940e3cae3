import { appendFile, mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** Appends the output of functions to `DIR/logs/<name>.log`. */
export interface LogFiles {
  write(name: string, line: string): void;
  close(): Promise<void>;
}

/**
 * Lines are collected for this long, because writing each of them separately takes a twentieth of a busy stack's time.
 */
const GATHER_MS = 100;

export function openLogFiles(dir: string): LogFiles {
  const folder = join(dir, "logs");
  mkdirSync(folder, { recursive: true });
  const gathered = new Map<string, string[]>();
  let writing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const append = async (batch: readonly (readonly [string, string[]])[]): Promise<void> => {
    for (const [name, lines] of batch) {
      const text = `${lines.join("\n")}\n`;
      // A full or missing disk must not end the stack because of its logs.
      await promisify(appendFile)(join(folder, `${name}.log`), text).catch(() => undefined);
    }
  };
  const flush = (): void => {
    timer = undefined;
    const batch = [...gathered];
    gathered.clear();
    writing = writing.then(() => append(batch));
  };
  return {
    write: (name, line) => {
      const lines = gathered.get(name);
      if (lines === undefined) gathered.set(name, [line]);
      else lines.push(line);
      timer ??= setTimeout(flush, GATHER_MS);
    },
    close: async () => {
      clearTimeout(timer);
      flush();
      await writing;
    },
  };
}
