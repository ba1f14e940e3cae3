import { randomBytes } from "node:crypto";
import type { RandomBytes } from "../core/base/random.ts";

/** Random bytes from the operating system. */
export const systemRandom: RandomBytes = (bytes) => randomBytes(bytes);
