import { afterAll, vi } from "vitest";
import { removeScratchDirectories } from "./helpers/scratch.ts";

/** A condition may take longer on a busy machine than the second that `vi.waitFor` gives it. */
const PATIENCE_MS = 15_000;

const waitFor = vi.waitFor.bind(vi);
const patiently: typeof vi.waitFor = (callback, options) =>
  waitFor(callback, typeof options === "number" ? options : { timeout: PATIENCE_MS, ...options });
Object.assign(vi, { waitFor: patiently });

afterAll(removeScratchDirectories);
