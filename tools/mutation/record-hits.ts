import { afterEach, beforeEach } from "vitest";
import { PROBE } from "./probe-name.ts";

declare module "vitest" {
  interface TaskMeta {
    /** Regions that the test entered, or, of a file, those entered by its imports and by hooks around its tests. */
    hits?: number[];
  }
}

const hits = new Set<number>();
const outside = new Set<number>();
Reflect.set(globalThis, PROBE, (region: number) => hits.add(region));

beforeEach(({ task }) => {
  for (const hit of hits) outside.add(hit);
  hits.clear();
  task.file.meta.hits = [...outside];
});
afterEach(({ task }) => {
  task.meta.hits = [...hits];
  hits.clear();
});
