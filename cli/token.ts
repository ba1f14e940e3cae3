import { existsSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import type { Scope } from "../lambdas/core/api/operation.ts";
import { isWorkspaceId } from "../lambdas/core/base/ids.ts";
import { issueToken } from "../local/token.ts";
import { CliError } from "./cli-error.ts";

interface TokenOptions {
  workspace: string[];
  scope: string;
  data: string;
  expiresIn?: number;
}

const SCOPES = [
  "events:write",
  "events:read",
  "destinations:read",
  "destinations:write",
  "entitlements:write",
] as const satisfies readonly Scope[];

const MAX_SECONDS = 10 * 365 * 86_400;

const EXAMPLES = `
Examples:
  $ npx trailcast token --workspace ws_1 --scope "events:write"
  $ npx trailcast token --workspace '*' --scope "entitlements:write" --data /tmp/trial

Scopes: ${SCOPES.join(", ")} (the last one with --workspace '*').
A deployed stack accepts only tokens of its own issuer.`;

function collectWorkspace(value: string, previous: string[] = []): string[] {
  if (value !== "*" && !isWorkspaceId(value)) {
    throw new InvalidArgumentError(
      "A workspace id is ws_ followed by up to 61 characters of A-Z, a-z, 0-9 and _; * means all.",
    );
  }
  return [...previous, value];
}

/** Refuses unknown scopes, because the API would otherwise refuse the token later with a less specific message. */
function parseScopes(value: string): string {
  const scopes = value.split(/\s+/).filter((scope) => scope !== "");
  const unknown = scopes.find((scope) => !SCOPES.some((known) => known === scope));
  if (unknown !== undefined || scopes.length === 0) {
    const what = unknown === undefined ? "Give at least one scope." : `There is no scope ${unknown}.`;
    throw new InvalidArgumentError(`${what} Choose from ${SCOPES.join(", ")}; separate several with spaces.`);
  }
  return scopes.join(" ");
}

function parseSeconds(value: string): number {
  const seconds = Number(value);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > MAX_SECONDS) {
    throw new InvalidArgumentError(
      `Give a whole number of seconds from 1 to ${MAX_SECONDS} (ten years), or leave it out for 30 days.`,
    );
  }
  return seconds;
}

/** Adds `trailcast token`. */
export function addTokenCommand(program: Command): void {
  program
    .command("token")
    .description("print a bearer token for a local stack")
    .requiredOption(
      "--workspace <id>",
      "a workspace, or '*' for an operator; may be repeated",
      collectWorkspace,
    )
    .requiredOption("--scope <scopes>", "scopes, separated by spaces", parseScopes)
    .option("--data <dir>", "data folder of the local stack", ".trailcast")
    .option("--expires-in <seconds>", "validity by the stack's clock (default: 30 days)", parseSeconds)
    .addHelpText("after", EXAMPLES)
    .action(async ({ workspace, scope, data, expiresIn }: TokenOptions) => {
      if (!existsSync(data)) {
        throw new CliError(
          `There is no data folder ${data}. Start a stack with \`npm start\`, or give --data.`,
        );
      }
      const workspaces = workspace.includes("*") ? "*" : workspace;
      const token = await issueToken(data, {
        workspaces,
        scope,
        ...(expiresIn !== undefined && { expiresIn }),
      });
      process.stdout.write(`${token}\n`);
    });
}
