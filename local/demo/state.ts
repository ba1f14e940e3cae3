import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

const stateSchema = z.object({
  /** The receiver listens there again, so that the destination's URL stays right. */
  receiverPort: z.number(),
  destination: z.string().optional(),
  /** Shown once, when the destination was created. */
  secret: z.string().optional(),
});
/** What a data folder remembers of its practice receiver and demo destination. */
export type DemoState = z.infer<typeof stateSchema>;

const stateFile = (dir: string): string => join(dir, "demo.json");

/** `undefined` for a folder that has none, or one cut off by a crash. */
export function readDemoState(dir: string): DemoState | undefined {
  try {
    return stateSchema.parse(JSON.parse(readFileSync(stateFile(dir), "utf8")));
  } catch {
    return undefined;
  }
}

export function writeDemoState(dir: string, state: DemoState): void {
  const file = stateFile(dir);
  // It holds a secret: only its owner reads it.
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(state), { mode: 0o600 });
  renameSync(`${file}.${process.pid}`, file);
}
