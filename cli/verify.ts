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

--journal reads every page and entry and follows the hash chain; receipts account for pages that a purge removed.
--chain reads the requests that a receiver kept, one JSON line { "headers": {…}, "body": "…" } for each in the order of arrival,
and reports the deliveries that are missing between the first and the last number. With --destination it looks up the outcome of each
missing number in the delivery log, and the deliveries that were accepted after the last one.
Exits with 0 if everything holds, else with 1.`;

/** Adds `trailcast verify`. */
export function addVerifyCommand(program: Command): void {
  const command = new Command("verify")
    .description("verify that a journal is complete, or that a receiver missed nothing")
    .option("--journal", "verify the journals of the stack")
    .option(
      "--workspace <id>",
      "verify only this workspace's journal; with --destination, the workspace that it belongs to",
    )
    .option(
      "--chain <file>",
      "verify the deliveries that a receiver kept; several files, oldest first",
      collect,
    )
    .option(
      "--secret <secret>",
      "the destination's secret, for --chain; repeat it for several destinations and after a rotation",
      collect,
    )
    .option("--after <delivery>", "whd_… of the last delivery before the contents of --chain", collect)
    .option("--destination <id>", "look up missing deliveries in this destination's log", collect)
    .option("--api <url>", "a deployed stack's API for --destination, with its token in TRAILCAST_TOKEN")
    .addHelpText("after", EXAMPLES)
    .action(async (options: VerifyOptions) => {
      const { chain, journal } = options;
      if ((journal === true) === (chain !== undefined)) {
        throw new CliError("Choose what to verify: --journal or --chain FILE.");
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

/**
 * Refuses a malformed secret, which would make every signature look wrong. The message does not quote it: it may be
 * part of a secret.
 */
function checkSecrets(secrets: readonly string[]): void {
  for (const [place, secret] of secrets.entries()) {
    if (/^whsec_[A-Za-z0-9+/]{43}=$/.test(secret)) continue;
    throw new CliError(
      `--secret ${place + 1} of ${secrets.length} is not a secret: a secret is whsec_ and 44 characters of base64, shown when the destination was created and at its newest rotation. Copy all of it, or rotate the secret if it is lost.`,
    );
  }
}

async function openLogs(options: VerifyOptions): Promise<DeliveryLog[]> {
  const { destination: destinations = [], workspace, data, api: url } = options;
  if (destinations.length === 0) return [];
  if (workspace === undefined)
    throw new CliError("Give --workspace, the workspace that --destination belongs to.");
  const access = { data, workspace, ...(url !== undefined && { api: url }) };
  const api = await openApi(access, "destinations:read");
  return Promise.all(destinations.map((destination) => openDeliveryLog(api, workspace, destination)));
}

/** `npm start` writes the received deliveries beside the state of the demo, which holds the secret. */
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
