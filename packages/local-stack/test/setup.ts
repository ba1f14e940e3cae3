import fc from "fast-check";
import { vi } from "vitest";

/** On a busy machine a condition may take longer than the second that `vi.waitFor` allows by default. */
const PATIENCE_MS = 15_000;

const waitFor = vi.waitFor.bind(vi);
const patiently: typeof vi.waitFor = (callback, options) =>
  waitFor(callback, typeof options === "number" ? options : { timeout: PATIENCE_MS, ...options });
Object.assign(vi, { waitFor: patiently });

/** Every property draws the same cases in every run. `PROPERTY_SEED=7 npm test` draws others. */
fc.configureGlobal({ seed: Number(process.env["PROPERTY_SEED"] ?? 20_261_125) });
