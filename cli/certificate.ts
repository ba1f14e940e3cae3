import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { authorityFiles, issueServerCertificate } from "@trailcast/local-stack/access";
import { CliError } from "./cli-error.ts";
import { print } from "./output.ts";

interface CertificateOptions {
  out: string;
  data: string;
  name?: string[];
}

const EXAMPLES = `
Examples:
  $ npx trailcast certificate --out receiver
  $ npx trailcast certificate --out receiver --name siem.localhost

For a receiver of your own on this machine: the local stack trusts certificates that its authority signed. This one is valid for localhost, 127.0.0.1, ::1
and each --name, for 397 days.`;

/** Adds `trailcast certificate`. */
export function addCertificateCommand(program: Command): void {
  program
    .command("certificate")
    .description("make a certificate for a receiver that a local stack delivers to")
    .requiredOption("--out <dir>", "folder for cert.pem and key.pem")
    .option("--name <host...>", "host names besides localhost")
    .option("--data <dir>", "data folder of the local stack", ".trailcast")
    .addHelpText("after", EXAMPLES)
    .action(async ({ out, data, name = [] }: CertificateOptions) => {
      if (!existsSync(authorityFiles(data).ca)) {
        throw new CliError(
          `There is no certificate authority in ${data}. Start a stack with \`npm start\`, or give --data.`,
        );
      }
      const { cert, key } = await issueServerCertificate(data, name);
      mkdirSync(out, { recursive: true });
      const files = { cert: join(out, "cert.pem"), key: join(out, "key.pem") };
      writeFileSync(files.cert, cert);
      writeFileSync(files.key, key, { mode: 0o600 });
      print(files.cert);
      print(files.key);
    });
}
