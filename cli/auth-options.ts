import { Option } from "commander";
import { CliError } from "./cli-error.ts";
import { parseHeaderLine } from "./header-options.ts";
import { readText } from "./read-text.ts";

type Given = Readonly<Record<string, unknown>>;

/** No option takes a credential itself: arguments stay in the shell's history and are visible to every user of the machine. */
export const AUTH_OPTIONS: readonly Option[] = [
  new Option("--auth-bearer-file <file>", "token for 'Authorization: Bearer …'; - reads standard input"),
  new Option("--auth-basic-file <file>", "'user:password' for 'Authorization: Basic …', in the same way"),
  new Option(
    "--auth-header-file <file>",
    "a credential in a header of your own, as 'Name: value', in the same way",
  ),
];

/** The option that removes credentials. */
export const REMOVE_AUTH = new Option("--remove-auth", "send no credentials any more");

/** Credentials as the API takes them; `undefined` if no option gives any. Messages never show what a file holds. */
export function authOf(given: Given): object | undefined {
  const found = [
    read(given["authBearerFile"], bearerOf),
    read(given["authBasicFile"], basicOf),
    read(given["authHeaderFile"], headerOf),
    given["removeAuth"] === true ? { type: "none" } : undefined,
  ].filter((auth) => auth !== undefined);
  if (found.length > 1) throw new CliError("Give one kind of credentials only.");
  return found[0];
}

function read(file: unknown, parse: (line: string, file: string) => object): object | undefined {
  if (typeof file !== "string") return undefined;
  // Editors end the last line; nothing else of the file is changed, since a password may begin or end with a space.
  const line = readText(file).replace(/\r?\n$/, "");
  if (line === "") throw new CliError(`There are no credentials in ${file}.`);
  if (/[\r\n]/.test(line)) throw new CliError(`${file} has more than one line.`);
  return parse(line, file);
}

function bearerOf(line: string): object {
  return { type: "bearer", token: line.trim() };
}

function basicOf(line: string, file: string): object {
  const colon = line.indexOf(":");
  if (colon < 0) throw new CliError(`${file} holds no credentials: write 'user:password'.`);
  return { type: "basic", username: line.slice(0, colon), password: line.slice(colon + 1) };
}

function headerOf(line: string, file: string): object {
  const [name, value] = parseHeaderLine({ line, where: file });
  return { type: "header", name, value };
}
