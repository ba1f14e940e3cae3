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

\`put\` registers a workspace, or replaces what it may do: without --retention-days its plan's days count, without --hold the legal hold
stays as it is. With --api, put and delete need an operator's token.`;

/** `trailcast entitlements …` */
export function addEntitlementsCommand(program: Command): void {
  const entitlements = program
    .command("entitlements")
    .description("register workspaces, and say what they may do")
    .addHelpText("after", EXAMPLES);
  for (const command of [showCommand(), putCommand(), deleteCommand()]) entitlements.addCommand(command);
}

function showCommand(): Command {
  return apiCommand<ApiOptions>("show", { path: PATH, scope: "events:read" }, async ({ api, path }) =>
    print(describe(entitlementSchema.parse((await api.call("GET", path)).body))),
  ).description("what a workspace may do");
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
    .description("register a workspace, or change what it may do")
    .requiredOption("--plan <plan>", "one of the deployment's plans")
    .option("--retention-days <days>", "instead of the plan's", parseDays)
    .addOption(new Option("--hold <state>", "legal hold: nothing is removed").choices(["on", "off"]));
}

function deleteCommand(): Command {
  return apiCommand<DeleteOptions>(
    "delete",
    { path: PATH, scope: "entitlements:write", holder: "operator" },
    async ({ api, path, options: { workspace, yes } }) => {
      if (yes !== true) {
        await confirm({ what: "end it: destinations go at once, the log after a while", word: workspace });
      }
      await api.call("DELETE", path);
      print(`${workspace}  ended`);
    },
  )
    .description("end a workspace: destinations go at once, the log after the deployment's grace period")
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
