import { Command } from "commander";
import pkg from "../package.json" with { type: "json" };
import { addTokenCommand } from "./token.ts";
import { CliError } from "./cli-error.ts";

const program = new Command("trailcast")
  .description("Audit-log forwarding: tokens, proof, repair and everyday work on a Trailcast stack.")
  .version(pkg.version)
  .showHelpAfterError("(add --help for what is possible)")
  .configureHelp({ sortSubcommands: false });

addTokenCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CliError)) throw error;
  process.stderr.write(`trailcast: ${error.message}\n`);
  process.exitCode = error.exitCode;
}
