import { readFileSync } from "node:fs";
import { CliError } from "./cli-error.ts";

/** The whole text; `-` is standard input. */
export function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch {
    throw new CliError(`Cannot read ${file}.`);
  }
}
