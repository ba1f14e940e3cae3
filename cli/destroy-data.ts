import {
  DeleteSecretCommand,
  paginateListSecrets,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { Command } from "commander";
import { confirm, type Action } from "./confirm.ts";
import { counted, print } from "./output.ts";
import { addStackOptions, openStack, type StackAccess, type StackOptions } from "./stack-access.ts";

interface DestroyOptions extends StackOptions {
  yes?: boolean;
}

const EXAMPLES = `
Examples:
  $ npx trailcast destroy-data --outputs outputs.json

Deletes the secrets of all destinations at once and without recovery: nothing can be signed or delivered afterwards. The secrets are the only
data that is created outside the template, so do this before \`cdk destroy\`. The template retains the tables; delete them by hand,
after removing their deletion protection, once the log is no longer needed.`;

/** Adds `trailcast destroy-data`. */
export function addDestroyDataCommand(program: Command): void {
  const command = new Command("destroy-data")
    .description("delete the secrets of all destinations, before the stack itself is destroyed")
    .option("--yes", "do not ask")
    .addHelpText("after", EXAMPLES)
    .action((options: DestroyOptions) =>
      destroySecrets(openStack(options), options.yes === true ? async () => {} : confirm),
    );
  program.addCommand(addStackOptions(command));
}

/** Deletes the secrets of a stack's destinations after `ask` has returned. */
export async function destroySecrets(
  { label, output }: Pick<StackAccess, "label" | "output">,
  ask: (action: Action) => Promise<void>,
): Promise<void> {
  const prefix = output("SecretPrefix");
  const client = new SecretsManagerClient({});
  const names = await listNames(client, prefix);
  if (names.length === 0) return print(`${label} has no secrets under ${prefix}.`);
  print(`${counted(names.length, "secret")} under ${prefix} of ${label}`);
  await ask({ what: "delete them for good", word: prefix });
  for (const name of names) {
    await client.send(new DeleteSecretCommand({ SecretId: name, ForceDeleteWithoutRecovery: true }));
  }
  print(`${counted(names.length, "secret")} deleted.`);
}

async function listNames(client: SecretsManagerClient, prefix: string): Promise<string[]> {
  const names: string[] = [];
  // The filter also matches the beginnings of words within a name, so the prefix is checked again below.
  const pages = paginateListSecrets({ client }, { Filters: [{ Key: "name", Values: [prefix] }] });
  for await (const { SecretList: secrets = [] } of pages) {
    names.push(...secrets.flatMap(({ Name: name }) => (name?.startsWith(prefix) === true ? [name] : [])));
  }
  return names;
}
