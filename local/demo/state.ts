import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

const stateSchema = z.object({
  /** Port of the receiver, which is used again so that the destination's URL stays valid. */
  receiverPort: z.number(),
  destination: z.string().optional(),
  /** The destination's secret, which the API shows only when it is created. */
  secret: z.string().optional(),
});
/** What a data folder stores about its practice receiver and demo destination. */
export type DemoState = z.infer<typeof stateSchema>;

const stateFile = (dir: string): string => join(dir, "demo.json");

/** Returns `undefined` if the folder has no state, or an incomplete one after a crash. */
export function readDemoState(dir: string): DemoState | undefined {
  try {
    return stateSchema.parse(JSON.parse(readFileSync(stateFile(dir), "utf8")));
  } catch {
    return undefined;
  }
}

export function writeDemoState(dir: string, state: DemoState): void {
  const file = stateFile(dir);
  // Readable only by its owner, because it contains a secret.
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(state), { mode: 0o600 });
  renameSync(`${file}.${process.pid}`, file);
}
