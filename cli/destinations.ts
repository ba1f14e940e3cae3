import type { Command } from "commander";
import * as z from "zod";
import { type DestinationAnswer, destinationListSchema } from "../lambdas/core/api/destination-api.ts";
import { apiCommand, type ApiOptions } from "./api-access.ts";
import { addDeliveryCommands } from "./deliveries.ts";
import { addEditCommands } from "./edit-destinations.ts";
import { print } from "./output.ts";

interface EnableOptions extends ApiOptions {
  from?: string;
}

const refusedSchema = z.object({ ok: z.literal(false) });

const EXAMPLES = `
Examples:
  $ npx trailcast destinations list --workspace ws_demo
  $ npx trailcast destinations create --workspace ws_demo --name SIEM --url https://siem.example.com/intake --header-file headers.txt
  $ npx trailcast destinations edit dst_… --workspace ws_demo --event-type 'pro.atmos.billing.*' --remove-header X-Tenant
  $ npx trailcast destinations test dst_… --workspace ws_demo
  $ npx trailcast destinations enable dst_… --workspace ws_demo --from now
  $ npx trailcast destinations deliveries dst_… --workspace ws_demo --outcome retry
  $ npx trailcast destinations replay dst_… --workspace ws_demo --from 2026-11-22T00:00:00Z --to 2026-11-23T00:00:00Z --dry-run`;

/** Adds `trailcast destinations …`. */
export function addDestinationsCommand(program: Command): void {
  const destinations = program
    .command("destinations")
    .description("manage the destinations of a workspace")
    .addHelpText("after", EXAMPLES);
  destinations.addCommand(listCommand());
  addEditCommands(destinations);
  destinations.addCommand(
    actionCommand("test", "send a test event; exits with 1 if the receiver does not accept it"),
  );
  destinations.addCommand(enableCommand());
  destinations.addCommand(actionCommand("disable", "stop delivering; events are kept for later"));
  destinations.addCommand(
    actionCommand("rotate-secret", "create a new secret; the old one also signs for one more day"),
  );
  addDeliveryCommands(destinations);
}

function listCommand(): Command {
  return apiCommand<ApiOptions>(
    "list",
    { path: "/destinations", scope: "destinations:read" },
    async ({ api, path }) => {
      const { body } = await api.call("GET", path);
      for (const destination of destinationListSchema.parse(body).items) print(describe(destination));
    },
  ).description("list destinations with their health");
}

function enableCommand(): Command {
  return actionCommand("enable", "resume delivering", ({ from }) => ({ from })).option(
    "--from <where>",
    "now, where-it-stopped or a time such as 2026-11-23T05:00:00Z",
    "where-it-stopped",
  );
}

function actionCommand(
  action: string,
  description: string,
  requestOf: (options: EnableOptions) => unknown = () => undefined,
): Command {
  return apiCommand<EnableOptions>(
    action,
    { path: `/destinations/{}/${action}`, scope: "destinations:write" },
    async ({ api, path, options }) => {
      const { body } = await api.call("POST", path, requestOf(options));
      print(JSON.stringify(body, undefined, 2));
      // Lets a script that tests a destination see by the exit code that the receiver refused the event.
      if (refusedSchema.safeParse(body).success) process.exitCode = 1;
    },
  )
    .description(description)
    .argument("<destination>", "dst_…");
}

function describe({ id, name, url, health }: DestinationAnswer): string {
  const last = health.lastDelivery;
  const answer =
    last === null ? "nothing yet" : `${last.outcome} ${last.statusCode ?? last.error ?? ""} ${last.at}`;
  return `${id}  ${health.status.padEnd(9)}  ${health.behindEvents} behind  ${answer}  ${name}  ${url}`;
}
