import { readFileSync } from "node:fs";
import { CliError } from "./cli-error.ts";

/** Reads a whole file; `-` reads standard input. */
export function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch {
    throw new CliError(`Cannot read ${file}.`);
  }
}
