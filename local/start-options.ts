import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";

export interface StartOptions {
  port: number;
  /** Absolute path of the data folder. */
  data: string;
  demo: boolean;
  strictEgress: boolean;
  timeScale: number;
}

const EXAMPLES = `
Examples:
  $ npm start
  $ npm start -- --port 4781 --data /tmp/second      a second stack beside the first
  $ npm start -- --time-scale 60                     an hour of waiting takes a minute

When it is ready, DIR/endpoints.json contains all addresses. Ctrl-C stops it; started again on the same DIR, it continues
with the stored data.`;

function whole(value: string, least: number, greatest: number): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < least || number > greatest) {
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${greatest}.`);
  }
  return number;
}

function scale(value: string): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number < 1 || number > 100_000) {
    throw new InvalidArgumentError("Give a number from 1 to 100000.");
  }
  return number;
}

/** Parses the command line of `npm start`. Ends the process with a message for `--help` and for mistakes. */
export function parseStartOptions(argv: readonly string[]): StartOptions {
  const command = new Command("npm start --")
    .description(
      "Runs the whole stack on this machine, without an AWS account, and shows audit events arrive.",
    )
    .addOption(
      new Option("--port <n>", "of the HTTP API and console on 127.0.0.1; 0 takes a free one")
        .default(4780)
        .argParser((value) => whole(value, 0, 65_535)),
    )
    .option("--data <dir>", "folder that keeps everything between two starts", ".trailcast")
    .option("--no-demo", "start without the demo workspace and its sample events")
    .option("--strict-egress", "refuse destinations on loopback, as when deployed", false)
    .addOption(
      new Option("--time-scale <x>", "run the stack's clock so many times faster")
        .default(1)
        .argParser(scale),
    )
    .addHelpText("after", EXAMPLES)
    .allowExcessArguments(false)
    .showHelpAfterError("(npm start -- --help says what is possible)");
  const options = command.parse([...argv], { from: "user" }).opts<StartOptions>();
  return { ...options, data: resolve(options.data) };
}
