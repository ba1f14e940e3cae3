import type { Command } from "commander";
import {
  createdDestinationSchema,
  type DestinationAnswer,
  type DestinationChange,
  destinationSchema,
} from "../lambdas/core/api/destination-api.ts";
import { FORMAT_NAMES } from "../lambdas/core/formats/known-formats.ts";
import { apiCommand, type ApiOptions } from "./api-access.ts";
import { CliError } from "./cli-error.ts";
import { confirm } from "./confirm.ts";
import { addHeaderOptions, type HeaderOptions, headersOf } from "./header-options.ts";
import { print } from "./output.ts";

interface CreateOptions extends ApiOptions, HeaderOptions {
  url: string;
  name: string;
  format?: string;
  eventType?: string[];
}

interface EditOptions extends ApiOptions, HeaderOptions {
  url?: string;
  name?: string;
  format?: string;
  eventType?: string[];
  allEvents?: boolean;
  removeHeader?: string[];
}

interface DeleteOptions extends ApiOptions {
  yes?: boolean;
}

const FORMATS = new Intl.ListFormat("en-GB", { type: "disjunction" }).format(FORMAT_NAMES);

/** `trailcast destinations create | edit | delete` */
export function addEditCommands(destinations: Command): void {
  for (const command of [createCommand(), editCommand(), deleteCommand()]) destinations.addCommand(command);
}

function createCommand(): Command {
  const command = apiCommand<CreateOptions>(
    "create",
    { path: "/destinations", scope: "destinations:write" },
    async ({ api, path, options }) => {
      const { name, url, format, eventType: eventTypes } = options;
      const request = { name, url, format, eventTypes, headers: headersOf(options) };
      const created = createdDestinationSchema.parse((await api.call("POST", path, request)).body);
      print(`${created.id}  ${created.url}`);
      print(`secret  ${created.secret}  (keep it: it is not shown again)`);
    },
  )
    .description("create a destination; prints its secret, this once")
    .requiredOption("--name <name>", "what people call it")
    .requiredOption("--url <url>", "https:// address of the receiver")
    .option("--format <format>", FORMATS)
    .option("--event-type <type...>", "only these types, such as pro.atmos.billing.*");
  return addHeaderOptions(command);
}

function editCommand(): Command {
  const command = apiCommand<EditOptions>(
    "edit",
    { path: "/destinations/{}", scope: "destinations:read destinations:write" },
    async ({ api, path, options }) => {
      const change = changeOf(options);
      if (Object.values(change).every((value) => value === undefined)) {
        throw new CliError("Say what to change: --name, --url, --format, --event-type, --header …");
      }
      const { headers } = await api.call("GET", path);
      // What somebody else changes meanwhile is not overwritten.
      const ifMatch = { "if-match": headers.get("etag") ?? "" };
      const { body } = await api.call("PATCH", path, change, ifMatch);
      print(describeSettings(destinationSchema.parse(body)));
    },
  )
    .description("change a destination; what is not named stays")
    .argument("<destination>", "dst_…")
    .option("--name <name>", "what people call it")
    .option("--url <url>", "https:// address of the receiver")
    .option("--format <format>", FORMATS)
    .option("--event-type <type...>", "from now on only these types")
    .option("--all-events", "from now on all types")
    .option("--remove-header <name...>", "send these headers no more");
  return addHeaderOptions(command);
}

function changeOf(options: EditOptions): Omit<DestinationChange, "format"> & { format?: string | undefined } {
  const { name, url, format, eventType, allEvents, removeHeader = [] } = options;
  if (eventType !== undefined && allEvents === true) {
    throw new CliError("Give --event-type or --all-events, not both.");
  }
  const removed = removeHeader.map((header) => [header, null] as const);
  const headers = { ...headersOf(options), ...Object.fromEntries(removed) };
  return {
    name,
    url,
    format,
    eventTypes: allEvents === true ? null : eventType,
    headers: Object.keys(headers).length === 0 ? undefined : headers,
  };
}

function deleteCommand(): Command {
  return apiCommand<DeleteOptions>(
    "delete",
    { path: "/destinations/{}", scope: "destinations:read destinations:write" },
    async ({ api, path, options }) => {
      const { id, name, url } = destinationSchema.parse((await api.call("GET", path)).body);
      print(`${id}  ${name}  ${url}`);
      if (options.yes !== true) await confirm({ what: "delete it, its secret and its replays", word: id });
      await api.call("DELETE", path);
      print("deleted");
    },
  )
    .description("delete a destination, its secret and its replays")
    .argument("<destination>", "dst_…")
    .option("--yes", "do not ask");
}

function describeSettings({ id, name, url, format, eventTypes, headers }: DestinationAnswer): string {
  const types = eventTypes.length === 0 ? "all events" : eventTypes.join(" ");
  const sent = Object.keys(headers).length === 0 ? "no headers" : Object.keys(headers).join(" ");
  return [`${id}  ${name}  ${url}`, `  ${format}  ${types}  ${sent}`].join("\n");
}
