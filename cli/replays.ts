import type { Command } from "commander";
import { type ReplayAnswer, replayListSchema, replaySchema } from "../lambdas/core/api/replay-api.ts";
import { apiCommand, type ApiOptions } from "./api-access.ts";
import { counted, print } from "./output.ts";

const SCOPE = "destinations:write";

const EXAMPLES = `
Examples:
  $ npx trailcast replays list dst_… --workspace ws_demo
  $ npx trailcast replays cancel dst_… rpl_… --workspace ws_demo

Start a replay with \`trailcast destinations replay\`.`;

/** Adds `trailcast replays …`. */
export function addReplaysCommand(program: Command): void {
  const replays = program
    .command("replays")
    .description("list and cancel replays, which deliver recorded events again")
    .addHelpText("after", EXAMPLES);
  for (const command of [listCommand(), showCommand(), cancelCommand()]) replays.addCommand(command);
}

function listCommand(): Command {
  return apiCommand<ApiOptions>(
    "list",
    { path: "/destinations/{}/replays", scope: SCOPE },
    async ({ api, path }) => {
      const { body } = await api.call("GET", path);
      for (const replay of replayListSchema.parse(body).items) print(describe(replay));
    },
  )
    .description("list the newest 50 replays of a destination with their progress")
    .argument("<destination>", "dst_…");
}

function showCommand(): Command {
  return apiCommand<ApiOptions>(
    "show",
    { path: "/destinations/{}/replays/{}", scope: SCOPE },
    async ({ api, path }) => print(describe(replaySchema.parse((await api.call("GET", path)).body))),
  )
    .description("show the progress of a replay")
    .argument("<destination>", "dst_…")
    .argument("<replay>", "rpl_…");
}

function cancelCommand(): Command {
  return apiCommand<ApiOptions>(
    "cancel",
    { path: "/destinations/{}/replays/{}", scope: SCOPE },
    async ({ api, path }) => {
      await api.call("DELETE", path);
      // A replay that had already ended keeps its status, so the stored one is printed.
      print(describe(replaySchema.parse((await api.call("GET", path)).body)));
    },
  )
    .description("cancel a replay; deliveries already being sent may still arrive")
    .argument("<destination>", "dst_…")
    .argument("<replay>", "rpl_…");
}

function describe({ id, status, from, to, events, exact, progress, createdBy }: ReplayAnswer): string {
  const count = `${exact ? "" : "at most "}${counted(events, "event")}`;
  const done = `${Math.floor(progress * 100)} %`;
  return `${id}  ${status}  ${done} of ${count}  ${from} to ${to}  by ${createdBy}`;
}
