import { dirname } from "node:path";
import { Command } from "commander";
import { readDemoState } from "../local/demo/state.ts";
import { verifyChainFile } from "./verify-chain-file.ts";
import { verifyJournalOf } from "./verify-journal-of.ts";
import { CliError } from "./cli-error.ts";
import { addStackOptions, openStack, type StackOptions } from "./stack-access.ts";

interface VerifyOptions extends StackOptions {
  journal?: boolean;
  chain?: string;
  workspace?: string;
  secret?: string[];
}

const EXAMPLES = `
Examples:
  $ npx trailcast verify --journal
  $ npx trailcast verify --journal --workspace ws_1 --outputs outputs.json
  $ npx trailcast verify --chain received.ndjson --secret whsec_…

--journal reads every page and entry and follows the hash chain; what a purge removed is covered by its receipts.
--chain reads what a receiver kept, a line of JSON { "headers": {…}, "body": "…" } for each request, and says what it missed.
Ends with 0 when everything holds, with 1 when something does not.`;

/** `trailcast verify` */
export function addVerifyCommand(program: Command): void {
  const command = new Command("verify")
    .description("prove that a journal is whole, or that a receiver missed nothing")
    .option("--journal", "verify the journals of the stack")
    .option("--workspace <id>", "only this workspace's journal")
    .option("--chain <file>", "verify the deliveries that a receiver kept")
    .option("--secret <secret>", "destination's secret for --chain, several during a rotation", collect)
    .addHelpText("after", EXAMPLES)
    .action(async (options: VerifyOptions) => {
      if ((options.journal === true) === (options.chain !== undefined)) {
        throw new CliError("Say what to verify: --journal or --chain FILE.");
      }
      const whole =
        options.chain === undefined
          ? await verifyJournalOf(openStack(options), options.workspace, print)
          : verifyChainFile(options.chain, options.secret ?? demoSecretBeside(options.chain), print);
      if (!whole) process.exitCode = 1;
    });
  program.addCommand(addStackOptions(command));
}

/** The file that `npm start` writes lies beside what the demo remembers. */
function demoSecretBeside(file: string): string[] {
  const secret = readDemoState(dirname(file))?.secret;
  return secret === undefined ? [] : [secret];
}

function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
