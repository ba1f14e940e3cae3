import { Command } from "commander";
import pkg from "../package.json" with { type: "json" };
import { addCertificateCommand } from "./certificate.ts";
import { CliError } from "./cli-error.ts";
import { addDestinationsCommand } from "./destinations.ts";
import { addDestroyDataCommand } from "./destroy-data.ts";
import { addEntitlementsCommand } from "./entitlements.ts";
import { explainFailure } from "./explain-failure.ts";
import { addPostCommand } from "./post.ts";
import { addRedriveCommand } from "./redrive.ts";
import { addReplaysCommand } from "./replays.ts";
import { addTokenCommand } from "./token.ts";
import { addVerifyCommand } from "./verify.ts";

const program = new Command("trailcast")
  .description("Audit-log forwarding: create tokens, verify, repair and operate a Trailcast stack.")
  .version(pkg.version)
  .showHelpAfterError("(add --help to list the commands and options)")
  .configureHelp({ sortSubcommands: false });

addTokenCommand(program);
addCertificateCommand(program);
addPostCommand(program);
addDestinationsCommand(program);
addReplaysCommand(program);
addEntitlementsCommand(program);
addVerifyCommand(program);
addRedriveCommand(program);
addDestroyDataCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  const explained = explainFailure(error);
  if (explained === undefined) throw error;
  process.stderr.write(`trailcast: ${explained}\n`);
  process.exitCode = error instanceof CliError ? error.exitCode : 1;
}
