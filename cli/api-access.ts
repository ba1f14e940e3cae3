import { type Command } from "commander";
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

/** A client for the options; on a local stack with a token made for `scope`. */
export async function openApi(options: ApiOptions, scope: string): Promise<ApiClient> {
  const { api, data, workspace } = options;
  if (api !== undefined) {
    const token = process.env["TRAILCAST_TOKEN"];
    if (token === undefined)
      throw new CliError("Put a bearer token of the API's issuer into TRAILCAST_TOKEN.");
    return createApiClient(api.replace(/\/$/, ""), token);
  }
  const endpoints = requireEndpoints(data, "name a deployed API by --api");
  return createApiClient(endpoints.apiUrl, await issueToken(data, { workspaces: [workspace], scope }));
}
