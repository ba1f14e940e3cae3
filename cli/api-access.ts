import { Command } from "commander";
import { issueToken } from "../local/token.ts";
import { type ApiClient, createApiClient } from "./api-client.ts";
import { CliError } from "./cli-error.ts";
import { requireEndpoints } from "./stack-access.ts";

/** Which API a command calls: a local stack's, or one given by URL and token. */
export interface ApiOptions {
  data: string;
  api?: string;
  workspace: string;
}

/** Adds the options that choose the API and the workspace. */
export function addApiOptions(command: Command): Command {
  return command
    .requiredOption("--workspace <id>", "workspace")
    .option("--data <dir>", "data folder of a running local stack", ".trailcast")
    .option("--api <url>", "a deployed stack's API instead, with its token in TRAILCAST_TOKEN");
}

/**
 * Opens a client for the options. On a local stack it issues a token with these scopes for the workspace or for an
 * operator.
 */
export async function openApi(
  options: ApiOptions,
  scope: string,
  holder: "workspace" | "operator" = "workspace",
): Promise<ApiClient> {
  const { api, data, workspace } = options;
  if (api !== undefined) return createApiClient(api.replace(/\/+$/, ""), tokenOfEnvironment());
  const endpoints = requireEndpoints(data, "name a deployed API with --api");
  const workspaces = holder === "operator" ? "*" : [workspace];
  return createApiClient(endpoints.apiUrl, await issueToken(data, { workspaces, scope }));
}

function tokenOfEnvironment(): string {
  const token = process.env["TRAILCAST_TOKEN"]?.trim() ?? "";
  if (token === "") throw new CliError("Put a bearer token of the API's issuer into TRAILCAST_TOKEN.");
  // `fetch` refuses characters that a header cannot hold, without naming their origin.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new CliError(
      "TRAILCAST_TOKEN is not a token: it contains a line break, a space or another character that tokens cannot have. Put it on one line.",
    );
  }
  return token;
}

/** A call that a command is about to make. */
export interface ApiCall<Options> {
  api: ApiClient;
  /** Path of the resource that the arguments name. */
  path: string;
  options: Options;
}

/** What a command calls and the rights that it needs. */
export interface Target {
  path: string;
  scope: string;
  holder?: "workspace" | "operator";
}

/**
 * Creates a command that calls the API. `path` is relative to the workspace; `{}` stands for an argument of the
 * command, as in `/destinations/{}/deliveries/{}`.
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
    // Opened at the first call, so that mistakes in the arguments are reported even when no API can be reached.
    const api: ApiClient = {
      call: async (...request) => {
        opened ??= openApi(options, scope, holder);
        return (await opened).call(...request);
      },
    };
    await run({ api, options, path: `/v1/workspaces/${encodeURIComponent(options.workspace)}${below}` });
  });
}
