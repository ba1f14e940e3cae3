import { Command } from "commander";
import { issueToken } from "../local/token.ts";
import { type ApiClient, createApiClient } from "./api-client.ts";
import { CliError } from "./cli-error.ts";
import { requireEndpoints } from "./stack-access.ts";

/** Which API a command calls: that of a local stack, or one by URL and token. */
export interface ApiOptions {
  data: string;
  api?: string;
  workspace: string;
}

/** Adds the options that choose API and workspace. */
export function addApiOptions(command: Command): Command {
  return command
    .requiredOption("--workspace <id>", "workspace")
    .option("--data <dir>", "data folder of a running local stack", ".trailcast")
    .option("--api <url>", "a deployed stack's API instead; its token in TRAILCAST_TOKEN");
}

/** A client for the options; on a local stack with a token for these scopes, of the workspace or of an operator. */
export async function openApi(
  options: ApiOptions,
  scope: string,
  holder: "workspace" | "operator" = "workspace",
): Promise<ApiClient> {
  const { api, data, workspace } = options;
  if (api !== undefined) return createApiClient(api.replace(/\/+$/, ""), tokenOfEnvironment());
  const endpoints = requireEndpoints(data, "name a deployed API by --api");
  const workspaces = holder === "operator" ? "*" : [workspace];
  return createApiClient(endpoints.apiUrl, await issueToken(data, { workspaces, scope }));
}

function tokenOfEnvironment(): string {
  const token = process.env["TRAILCAST_TOKEN"]?.trim() ?? "";
  if (token === "") throw new CliError("Put a bearer token of the API's issuer into TRAILCAST_TOKEN.");
  // What a header cannot hold, `fetch` refuses without saying where it came from.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new CliError(
      "TRAILCAST_TOKEN is no token: it has a line break, a space or a letter that tokens do not have. Put it on one line.",
    );
  }
  return token;
}

/** A call that a command is about to make. */
export interface ApiCall<Options> {
  api: ApiClient;
  /** Of what the arguments name. */
  path: string;
  options: Options;
}

/** What a command calls, and with which rights. */
export interface Target {
  path: string;
  scope: string;
  holder?: "workspace" | "operator";
}

/**
 * A command that calls the API. `path` is below the workspace, with `{}` where an argument of the command goes:
 * `/destinations/{}/deliveries/{}`.
 */
export function apiCommand<Options extends ApiOptions>(
  name: string,
  { path, scope, holder }: Target,
  run: (call: ApiCall<Options>) => Promise<void>,
): Command {
  const command = addApiOptions(new Command(name));
  return command.action(async () => {
    const options = command.opts<Options>();
    const ids = command.args.map(encodeURIComponent);
    const below = path.replaceAll("{}", () => ids.shift() ?? "");
    let opened: Promise<ApiClient> | undefined;
    // Only at the first call: what is wrong with the arguments shows whether or not there is an API.
    const api: ApiClient = {
      call: async (...request) => {
        opened ??= openApi(options, scope, holder);
        return (await opened).call(...request);
      },
    };
    await run({ api, options, path: `/v1/workspaces/${encodeURIComponent(options.workspace)}${below}` });
  });
}
