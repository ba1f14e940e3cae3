import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";
import { CliError } from "./cli-error.ts";

/** Where a question is asked. */
export interface Terminal {
  input: Readable & { isTTY?: boolean };
  output: Writable;
}

/** What is about to be done, and the word that is typed to have it done. */
export interface Deed {
  /** `delete them for good`, as in: Type … to delete them for good */
  what: string;
  word: string;
}

const HERE: Terminal = { input: process.stdin, output: process.stdout };

/** Returns once the word was typed; throws `CliError` when another was, or when nobody is there to be asked. */
export async function confirm({ what, word }: Deed, { input, output }: Terminal = HERE): Promise<void> {
  if (input.isTTY !== true) throw new CliError(`Nobody to ask: give --yes to ${what}.`);
  const prompt = createInterface({ input, output });
  const answer = await prompt.question(`Type ${word} to ${what}: `);
  prompt.close();
  if (answer.trim() !== word) throw new CliError("Nothing was done.");
}
