import { dirname } from "node:path";
import { Command } from "commander";
import { readDemoState } from "../local/demo/state.ts";
import { openApi } from "./api-access.ts";
import { CliError } from "./cli-error.ts";
import { type DeliveryLog, openDeliveryLog } from "./delivery-log-of.ts";
import { addStackOptions, openStack, type StackOptions } from "./stack-access.ts";
import { verifyChainFiles } from "./verify-chain-file.ts";
import { verifyJournalOf } from "./verify-journal-of.ts";

interface VerifyOptions extends StackOptions {
  journal?: boolean;
  chain?: string[];
  workspace?: string;
  secret?: string[];
  after?: string[];
  destination?: string[];
  api?: string;
}

const EXAMPLES = `
Examples:
  $ npx trailcast verify --journal
  $ npx trailcast verify --journal --workspace ws_1 --outputs outputs.json
  $ npx trailcast verify --chain received.ndjson --secret whsec_…
  $ npx trailcast verify --chain monday.ndjson --chain tuesday.ndjson --secret whsec_… --secret whsec_…
  $ npx trailcast verify --chain tuesday.ndjson --secret whsec_… --after whd_…
  $ npx trailcast verify --chain received.ndjson --secret whsec_… --workspace ws_1 --destination dst_…

--journal reads every page and entry and follows the hash chain; what a purge removed is covered by its receipts.
--chain reads what a receiver kept, a line of JSON { "headers": {…}, "body": "…" } for each request in the order in which they came,
and says what it missed, from the first to the last number that it names. With --destination the delivery log tells what a number
that was not kept came to, and what was taken after the last.
Ends with 0 when everything holds, with 1 when something does not.`;

/** `trailcast verify` */
export function addVerifyCommand(program: Command): void {
  const command = new Command("verify")
    .description("prove that a journal is whole, or that a receiver missed nothing")
    .option("--journal", "verify the journals of the stack")
    .option("--workspace <id>", "only this workspace's journal; that of --destination")
    .option(
      "--chain <file>",
      "verify the deliveries that a receiver kept; several files, oldest first",
      collect,
    )
    .option(
      "--secret <secret>",
      "destination's secret for --chain; each, of several or after a rotation",
      collect,
    )
    .option("--after <delivery>", "whd_… up to which you have what --chain goes on after", collect)
    .option("--destination <id>", "look up in its delivery log what --chain does not have", collect)
    .option("--api <url>", "a deployed stack's API for --destination; its token in TRAILCAST_TOKEN")
    .addHelpText("after", EXAMPLES)
    .action(async (options: VerifyOptions) => {
      const { chain, journal } = options;
      if ((journal === true) === (chain !== undefined)) {
        throw new CliError("Say what to verify: --journal or --chain FILE.");
      }
      const whole =
        chain === undefined
          ? await verifyJournalOf(openStack(options), options.workspace, print)
          : await verifyChainOf(chain, options);
      if (!whole) process.exitCode = 1;
    });
  program.addCommand(addStackOptions(command));
}

async function verifyChainOf(files: readonly string[], options: VerifyOptions): Promise<boolean> {
  const secrets = options.secret ?? demoSecretBeside(files[0] ?? "");
  checkSecrets(secrets);
  return verifyChainFiles(
    files,
    { secrets, after: options.after ?? [], logs: await openLogs(options) },
    print,
  );
}

/** A text in another form would verify nothing, and every line would be blamed. It may be part of a secret: it is not repeated. */
function checkSecrets(secrets: readonly string[]): void {
  for (const [place, secret] of secrets.entries()) {
    if (/^whsec_[A-Za-z0-9+/]{43}=$/.test(secret)) continue;
    throw new CliError(
      `--secret ${place + 1} of ${secrets.length} is no secret: that is whsec_ and 44 characters of base64, as the destination's creation or its newest rotation showed it. Copy all of it, or rotate the secret if it is lost.`,
    );
  }
}

async function openLogs(options: VerifyOptions): Promise<DeliveryLog[]> {
  const { destination: destinations = [], workspace, data, api: url } = options;
  if (destinations.length === 0) return [];
  if (workspace === undefined) throw new CliError("Say by --workspace whose --destination it is.");
  const access = { data, workspace, ...(url !== undefined && { api: url }) };
  const api = await openApi(access, "destinations:read");
  return Promise.all(destinations.map((destination) => openDeliveryLog(api, workspace, destination)));
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
