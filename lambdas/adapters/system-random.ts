import { randomBytes } from "node:crypto";
import type { RandomBytes } from "../core/base/random.ts";

/** Chance from the operating system. */
export const systemRandom: RandomBytes = (bytes) => randomBytes(bytes);
