import { type Command, InvalidArgumentError, Option } from "commander";
import { type EntitlementAnswer, entitlementSchema } from "../lambdas/core/api/entitlement-api.ts";
import { apiCommand, type ApiOptions } from "./api-access.ts";
import { confirm } from "./confirm.ts";
import { counted, print } from "./output.ts";

interface PutOptions extends ApiOptions {
  plan: string;
  retentionDays?: number;
  hold?: "on" | "off";
}

interface DeleteOptions extends ApiOptions {
  yes?: boolean;
}

const PATH = "/entitlement";

const EXAMPLES = `
Examples:
  $ npx trailcast entitlements put --workspace ws_1 --plan enterprise --retention-days 730
  $ npx trailcast entitlements put --workspace ws_1 --plan enterprise --retention-days 730 --hold on
  $ npx trailcast entitlements show --workspace ws_1

\`put\` registers a workspace or replaces its entitlement. Without --retention-days the plan's days apply; without --hold the legal hold
stays as it is. With --api, \`put\` and \`delete\` need an operator's token.`;

/** Adds `trailcast entitlements …`. */
export function addEntitlementsCommand(program: Command): void {
  const entitlements = program
    .command("entitlements")
    .description("register workspaces and set their plan, retention and legal hold")
    .addHelpText("after", EXAMPLES);
  for (const command of [showCommand(), putCommand(), deleteCommand()]) entitlements.addCommand(command);
}

function showCommand(): Command {
  return apiCommand<ApiOptions>("show", { path: PATH, scope: "events:read" }, async ({ api, path }) =>
    print(describe(entitlementSchema.parse((await api.call("GET", path)).body))),
  ).description("show the entitlement of a workspace");
}

function putCommand(): Command {
  return apiCommand<PutOptions>(
    "put",
    { path: PATH, scope: "entitlements:write", holder: "operator" },
    async ({ api, path, options: { plan, retentionDays, hold } }) => {
      const request = { plan, retentionDays, hold: hold === undefined ? undefined : hold === "on" };
      print(describe(entitlementSchema.parse((await api.call("PUT", path, request)).body)));
    },
  )
    .description("register a workspace or replace its entitlement")
    .requiredOption("--plan <plan>", "one of the deployment's plans")
    .option("--retention-days <days>", "retention in days instead of the plan's", parseDays)
    .addOption(
      new Option("--hold <state>", "legal hold: while on, nothing is removed").choices(["on", "off"]),
    );
}

function deleteCommand(): Command {
  return apiCommand<DeleteOptions>(
    "delete",
    { path: PATH, scope: "entitlements:write", holder: "operator" },
    async ({ api, path, options: { workspace, yes } }) => {
      if (yes !== true) {
        await confirm({
          what: "end it: its destinations are deleted at once, its log later",
          word: workspace,
        });
      }
      await api.call("DELETE", path);
      print(`${workspace}  ended`);
    },
  )
    .description(
      "end a workspace: its destinations are deleted at once, its log after the deployment's grace period",
    )
    .option("--yes", "do not ask");
}

function parseDays(value: string): number {
  const days = Number(value);
  if (!Number.isInteger(days) || days < 1) throw new InvalidArgumentError("Give a whole number of days.");
  return days;
}

function describe(entitlement: EntitlementAnswer): string {
  const { workspace, plan, retentionDays, forwarding, maxDestinations, hold, endedAt } = entitlement;
  return [
    workspace,
    plan,
    retentionDays === null ? "kept for ever" : `kept ${counted(retentionDays, "day")}`,
    forwarding ? `up to ${counted(maxDestinations, "destination")}` : "no forwarding",
    hold === null ? "no hold" : `hold ${hold}`,
    ...(endedAt === null ? [] : [`ended ${endedAt}`]),
  ].join("  ");
}
