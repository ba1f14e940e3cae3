import type { VirtualClock } from "../clock.ts";
import type { Storage } from "./storage.ts";
import type { RuntimeOptions } from "./types.ts";
import type { Template } from "../template/template.ts";

/** A step that reverses one step of the start, when the start fails or the stack stops. */
export type Undo = () => void | Promise<void>;

/** What the parts of a starting stack have in common. */
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
