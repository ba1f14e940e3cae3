import type { Command } from "commander";
import { type ReplayAnswer, replayListSchema, replaySchema } from "../lambdas/core/api/replay-api.ts";
import { apiCommand, type ApiOptions } from "./api-access.ts";
import { counted, print } from "./output.ts";

const SCOPE = "destinations:write";

const EXAMPLES = `
Examples:
  $ npx trailcast replays list dst_… --workspace ws_demo
  $ npx trailcast replays cancel dst_… rpl_… --workspace ws_demo

A replay is started by \`trailcast destinations replay\`.`;

/** `trailcast replays …` */
export function addReplaysCommand(program: Command): void {
  const replays = program
    .command("replays")
    .description("look after events that are delivered again")
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
    .description("the newest 50 replays of a destination, and how far they are")
    .argument("<destination>", "dst_…");
}

function showCommand(): Command {
  return apiCommand<ApiOptions>(
    "show",
    { path: "/destinations/{}/replays/{}", scope: SCOPE },
    async ({ api, path }) => print(describe(replaySchema.parse((await api.call("GET", path)).body))),
  )
    .description("how far a replay is")
    .argument("<destination>", "dst_…")
    .argument("<replay>", "rpl_…");
}

function cancelCommand(): Command {
  return apiCommand<ApiOptions>(
    "cancel",
    { path: "/destinations/{}/replays/{}", scope: SCOPE },
    async ({ api, path }) => {
      await api.call("DELETE", path);
      // One that had ended already stays as it ended.
      print(describe(replaySchema.parse((await api.call("GET", path)).body)));
    },
  )
    .description("let a replay go no further; what is under way may still arrive")
    .argument("<destination>", "dst_…")
    .argument("<replay>", "rpl_…");
}

function describe({ id, status, from, to, events, exact, progress, createdBy }: ReplayAnswer): string {
  const count = `${exact ? "" : "at most "}${counted(events, "event")}`;
  const done = `${Math.floor(progress * 100)} %`;
  return `${id}  ${status}  ${done} of ${count}  ${from} to ${to}  by ${createdBy}`;
}
