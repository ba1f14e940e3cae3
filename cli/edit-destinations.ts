import type { Command } from "commander";
import { createdDestinationSchema, destinationSchema } from "../lambdas/core/api/destination-api.ts";
import { apiCommand, type ApiOptions } from "./api-access.ts";
import { CliError } from "./cli-error.ts";
import { confirm } from "./confirm.ts";
import {
  addFieldOptions,
  describeSettings,
  type Given,
  givenFields,
  optionNames,
} from "./destination-options.ts";
import { print } from "./output.ts";

interface DeleteOptions extends ApiOptions {
  yes?: boolean;
}

/** Adds `trailcast destinations create | edit | delete`. */
export function addEditCommands(destinations: Command): void {
  for (const command of [createCommand(), editCommand(), deleteCommand()]) destinations.addCommand(command);
}

function createCommand(): Command {
  const command = apiCommand<ApiOptions & Given>(
    "create",
    { path: "/destinations", scope: "destinations:write" },
    async ({ api, path, options }) => {
      const request = givenFields(options);
      const created = createdDestinationSchema.parse((await api.call("POST", path, request)).body);
      print(`${created.id}  ${created.url}`);
      print(`secret  ${created.secret}  (store it now: it is not shown again)`);
    },
  ).description("create a destination and print its secret, which is shown only once");
  return addFieldOptions(command, "create");
}

function editCommand(): Command {
  const command = apiCommand<ApiOptions & Given>(
    "edit",
    { path: "/destinations/{}", scope: "destinations:read destinations:write" },
    async ({ api, path, options }) => {
      const change = givenFields(options);
      if (Object.values(change).every((value) => value === undefined)) {
        throw new CliError(`Give at least one option to change: ${optionNames().join(", ")} …`);
      }
      const { headers } = await api.call("GET", path);
      // Prevents overwriting a change that was made since the destination was read.
      const ifMatch = { "if-match": headers.get("etag") ?? "" };
      const { body } = await api.call("PATCH", path, change, ifMatch);
      print(describeSettings(destinationSchema.parse(body)));
    },
  )
    .description("change a destination; fields that no option names stay as they are")
    .argument("<destination>", "dst_…");
  return addFieldOptions(command, "edit");
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
