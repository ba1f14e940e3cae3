import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";
import { CliError } from "./cli-error.ts";

/** Streams that the question is written to and the answer is read from. */
export interface Terminal {
  input: Readable & { isTTY?: boolean };
  output: Writable;
}

/** What is about to be done, and the word to type to confirm it. */
export interface Action {
  /** Completes the question "Type … to", for example `delete them for good`. */
  what: string;
  word: string;
}

const HERE: Terminal = { input: process.stdin, output: process.stdout };

/**
 * Returns once the word was typed.
 *
 * @throws CliError when another word was typed or the input is not a terminal
 */
export async function confirm({ what, word }: Action, { input, output }: Terminal = HERE): Promise<void> {
  if (input.isTTY !== true)
    throw new CliError(`The input is not a terminal, so there is no way to ask: give --yes to ${what}.`);
  const prompt = createInterface({ input, output });
  const answer = await prompt.question(`Type ${word} to ${what}: `);
  prompt.close();
  if (answer.trim() !== word) throw new CliError("Nothing was done.");
}
