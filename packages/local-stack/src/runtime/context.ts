import type { VirtualClock } from "../clock.ts";
import type { Storage } from "./storage.ts";
import type { RuntimeOptions } from "./types.ts";
import type { Template } from "../template/template.ts";

/** A step that takes back what the start did, when it fails or at the stop. */
export type Undo = () => void | Promise<void>;

/** What the parts of a starting stack share. */
export interface StackContext {
  options: RuntimeOptions;
  dir: string;
  clock: VirtualClock;
  storage: Storage;
  template: Template;
  stackName: string;
  apiUrl: string;
  undo: Undo[];
}
