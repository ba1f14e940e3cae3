import { readFileSync } from "node:fs";
import { z } from "zod";

const packageSchema = z.object({ name: z.string(), version: z.string() });

/** The version in this package's package.json, one level above the sources and two above the built constructs. */
export function packageVersion(): string {
  const levels = import.meta.url.endsWith(".ts") ? "../" : "../../";
  const text = readFileSync(new URL(`${levels}package.json`, import.meta.url), "utf8");
  return packageSchema.parse(JSON.parse(text)).version;
}
