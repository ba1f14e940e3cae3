import type { Command } from "commander";
import { CliError } from "./cli-error.ts";
import { readText } from "./read-text.ts";

/** Headers as a command's options give them. */
export interface HeaderOptions {
  header?: string[];
  headerFile?: string;
}

const collect = (value: string, previous: string[] = []): string[] => [...previous, value];

/** Adds the options that set headers of a destination. */
export function addHeaderOptions(command: Command): Command {
  return command
    .option("--header <line>", "sent with every delivery, as 'Name: value'; may be repeated", collect)
    .option(
      "--header-file <file>",
      "such lines from a file, which no shell remembers; - reads standard input",
    );
}

/** Values by name; `undefined` when no option gives any. Messages never show a line: it may be a secret. */
export function headersOf({ header = [], headerFile }: HeaderOptions): Record<string, string> | undefined {
  const lines = [
    ...header.map((line, index) => ({ line, where: `--header number ${index + 1}` })),
    ...linesOf(headerFile),
  ];
  return lines.length === 0 ? undefined : Object.fromEntries(lines.map(parseLine));
}

function linesOf(file: string | undefined): { line: string; where: string }[] {
  if (file === undefined) return [];
  const lines = readText(file)
    .split("\n")
    .map((line, index) => ({ line, where: `Line ${index + 1} of ${file}` }))
    .filter(({ line }) => line.trim() !== "");
  if (lines.length === 0) throw new CliError(`There are no headers in ${file}.`);
  return lines;
}

function parseLine({ line, where }: { line: string; where: string }): [string, string] {
  const colon = line.indexOf(":");
  const name = line.slice(0, colon).trim();
  if (colon < 0 || name === "") throw new CliError(`${where} is no header: write 'Name: value'.`);
  return [name, line.slice(colon + 1).trim()];
}
