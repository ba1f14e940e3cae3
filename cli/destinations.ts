import { Command } from "commander";
import * as z from "zod";
import {
  createdDestinationSchema,
  type DestinationAnswer,
  destinationListSchema,
} from "../lambdas/core/api/destination-api.ts";
import { addApiOptions, type ApiOptions, openApi } from "./api-access.ts";
import { addDeliveryCommands } from "./deliveries.ts";

interface CreateOptions extends ApiOptions {
  url: string;
  name: string;
  format?: string;
  eventType?: string[];
}

const refusedSchema = z.object({ ok: z.literal(false) });

const EXAMPLES = `
Examples:
  $ npx trailcast destinations list --workspace ws_demo
  $ npx trailcast destinations create --workspace ws_demo --name SIEM --url https://siem.example.com/intake
  $ npx trailcast destinations test dst_… --workspace ws_demo
  $ npx trailcast destinations deliveries dst_… --workspace ws_demo --outcome retry
  $ npx trailcast destinations replay dst_… --workspace ws_demo --from 2026-11-22T00:00:00Z --to 2026-11-23T00:00:00Z --dry-run`;

/** `trailcast destinations …` */
export function addDestinationsCommand(program: Command): void {
  const destinations = program
    .command("destinations")
    .description("look after the destinations of a workspace")
    .addHelpText("after", EXAMPLES);
  destinations.addCommand(addApiOptions(listCommand()));
  destinations.addCommand(addApiOptions(createCommand()));
  destinations.addCommand(
    addApiOptions(actionCommand("test", "send a test event; ends with 1 when it was not taken")),
  );
  destinations.addCommand(
    addApiOptions(
      actionCommand("enable", "go on delivering, from where it stopped", { from: "where-it-stopped" }),
    ),
  );
  destinations.addCommand(addApiOptions(actionCommand("disable", "stop delivering; events wait")));
  destinations.addCommand(
    addApiOptions(actionCommand("rotate-secret", "get a new secret; the old one signs for a day too")),
  );
  addDeliveryCommands(destinations);
}

function listCommand(): Command {
  return new Command("list")
    .description("destinations and how they are doing")
    .action(async (options: ApiOptions) => {
      const api = await openApi(options, "destinations:read");
      const { body } = await api.call("GET", pathOf(options));
      for (const destination of destinationListSchema.parse(body).items) print(describe(destination));
    });
}

function createCommand(): Command {
  return new Command("create")
    .description("create a destination; prints its secret, this once")
    .requiredOption("--name <name>", "what people call it")
    .requiredOption("--url <url>", "https:// address of the receiver")
    .option("--format <format>", "cloudevents-batch or cloudevents-structured")
    .option("--event-type <type...>", "only these types, such as pro.atmos.billing.*")
    .action(async (options: CreateOptions) => {
      const api = await openApi(options, "destinations:write");
      const { name, url, format, eventType: eventTypes } = options;
      const { body } = await api.call("POST", pathOf(options), { name, url, format, eventTypes });
      const created = createdDestinationSchema.parse(body);
      print(`${created.id}  ${created.url}`);
      print(`secret  ${created.secret}  (keep it: it is not shown again)`);
    });
}

function actionCommand(action: string, description: string, request?: unknown): Command {
  return new Command(action)
    .description(description)
    .argument("<destination>", "dst_…")
    .action(async (destination: string, options: ApiOptions) => {
      const api = await openApi(options, "destinations:write");
      const { body } = await api.call("POST", `${pathOf(options)}/${destination}/${action}`, request);
      print(JSON.stringify(body, undefined, 2));
      // A script that tests a destination learns of a refusal by the receiver, too.
      if (refusedSchema.safeParse(body).success) process.exitCode = 1;
    });
}

function pathOf({ workspace }: ApiOptions): string {
  return `/v1/workspaces/${workspace}/destinations`;
}

function describe({ id, name, url, health }: DestinationAnswer): string {
  const last = health.lastDelivery;
  const answer =
    last === null ? "nothing yet" : `${last.outcome} ${last.statusCode ?? last.error ?? ""} ${last.at}`;
  return `${id}  ${health.status.padEnd(9)}  ${health.behindEvents} behind  ${answer}  ${name}  ${url}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
