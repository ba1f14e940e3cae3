import { rmSync } from "node:fs";
import { join } from "node:path";
import { bundleFunctions } from "../lib/bundle.ts";
import { FUNCTION_ENTRIES } from "../lib/function-code.ts";

// The first step of `npm run build`: an empty `dist`, then the functions for apps that use the packed construct.
const dist = join(import.meta.dirname, "../dist");
rmSync(dist, { recursive: true, force: true });
const bundles = bundleFunctions();
for (const entry of FUNCTION_ENTRIES) bundles.write(entry, join(dist, "functions", entry));
