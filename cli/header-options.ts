import { Option } from "commander";
import { CliError } from "./cli-error.ts";
import { readText } from "./read-text.ts";

const collect = (value: string, previous: string[] = []): string[] => [...previous, value];

/** Options that set headers of a destination. */
export const HEADER_OPTIONS: readonly Option[] = [
  new Option("--header <line>", "sent with every delivery, as 'Name: value'; may be repeated").argParser(
    collect,
  ),
  new Option(
    "--header-file <file>",
    "header lines from a file, which keeps secrets out of the shell's history; - reads standard input",
  ),
];

/**
 * Returns header values by name; `undefined` when no option gives any. Errors never quote a line, because it may
 * contain a secret.
 */
export function headersOf(given: Readonly<Record<string, unknown>>): Record<string, string> | undefined {
  const lines = [
    ...stringsOf(given["header"]).map((line, index) => ({ line, where: `--header number ${index + 1}` })),
    ...linesOf(given["headerFile"]),
  ];
  return lines.length === 0 ? undefined : Object.fromEntries(lines.map(parseHeaderLine));
}

/** Returns the values of an option that may be repeated. */
export function stringsOf(given: unknown): string[] {
  return Array.isArray(given) ? given.map(String) : [];
}

function linesOf(file: unknown): { line: string; where: string }[] {
  if (typeof file !== "string") return [];
  const lines = readText(file)
    .split("\n")
    .map((line, index) => ({ line, where: `Line ${index + 1} of ${file}` }))
    .filter(({ line }) => line.trim() !== "");
  if (lines.length === 0) throw new CliError(`There are no headers in ${file}.`);
  return lines;
}

/** Name and value of a line `Name: value`; `where` names the line in a refusal. */
export function parseHeaderLine({ line, where }: { line: string; where: string }): [string, string] {
  const colon = line.indexOf(":");
  const name = line.slice(0, colon).trim();
  if (colon < 0 || name === "") throw new CliError(`${where} is not a header: write 'Name: value'.`);
  return [name, line.slice(colon + 1).trim()];
}
