import type { Command } from "commander";
import { type DeliveryAnswer, deliveryListSchema, deliverySchema } from "../lambdas/core/api/delivery-api.ts";
import { replayCountSchema, replaySchema } from "../lambdas/core/api/replay-api.ts";
import { apiCommand, type ApiOptions } from "./api-access.ts";
import { CliError } from "./cli-error.ts";
import { counted, print } from "./output.ts";

interface ListOptions extends ApiOptions {
  outcome?: string;
}

interface SkipOptions extends ApiOptions {
  yes?: boolean;
}

interface ReplayOptions extends ApiOptions {
  from: string;
  to: string;
  dryRun?: boolean;
}

const WRITE = "destinations:write";

/** Adds `trailcast destinations deliveries | retry | skip | replay`. */
export function addDeliveryCommands(destinations: Command): void {
  for (const command of [deliveriesCommand(), retryCommand(), skipCommand(), replayCommand()]) {
    destinations.addCommand(command);
  }
}

function deliveriesCommand(): Command {
  return apiCommand<ListOptions>(
    "deliveries",
    { path: "/destinations/{}/deliveries", scope: "destinations:read" },
    async ({ api, path, options: { outcome } }) => {
      const filter = outcome === undefined ? "" : `?outcome=${encodeURIComponent(outcome)}`;
      const { body } = await api.call("GET", path + filter);
      for (const delivery of deliveryListSchema.parse(body).items) print(describe(delivery));
    },
  )
    .description("list the newest 50 deliveries of a destination with outcome and last attempt")
    .argument("<destination>", "dst_…")
    .option("--outcome <outcome>", "only deliveries with this outcome, such as retry");
}

function retryCommand(): Command {
  return apiCommand<ApiOptions>(
    "retry",
    { path: "/destinations/{}/deliveries/{}/retry", scope: WRITE },
    async ({ api, path }) => {
      const { body } = await api.call("POST", path);
      print(`${describe(deliverySchema.parse(body))}: retry requested`);
    },
  )
    .description("try a delivery again within a minute; use a replay to send a closed one again")
    .argument("<destination>", "dst_…")
    .argument("<delivery>", "whd_…");
}

function skipCommand(): Command {
  return apiCommand<SkipOptions>(
    "skip",
    { path: "/destinations/{}/deliveries/{}/skip", scope: WRITE },
    async ({ api, path, options }) => {
      if (options.yes !== true) {
        throw new CliError(
          "Nothing was skipped. The events would not be delivered: give --yes to confirm that.",
        );
      }
      const delivery = deliverySchema.parse((await api.call("POST", path)).body);
      print(`${describe(delivery)}: skip requested`);
      if (delivery.closedAt === null) {
        print(`The outcome changes to skipped within a minute; until then it is ${delivery.outcome}.`);
      }
    },
  )
    .description("give up on a delivery that the receiver always refuses: its events are not delivered")
    .argument("<destination>", "dst_…")
    .argument("<delivery>", "whd_…")
    .option("--yes", "confirm that its events will not be delivered");
}

function replayCommand(): Command {
  return apiCommand<ReplayOptions>(
    "replay",
    { path: "/destinations/{}/replays", scope: WRITE },
    async ({ api, path, options: { from, to, dryRun = false } }) => {
      const { body } = await api.call("POST", path, { from, to, dryRun });
      const { events, exact } = (dryRun ? replayCountSchema : replaySchema).parse(body);
      const count = `${exact ? "" : "at most "}${counted(events, "event")}`;
      print(dryRun ? `${count} would be delivered` : `${replaySchema.parse(body).id}  ${count}`);
    },
  )
    .description("deliver recorded events again; `trailcast replays` shows the progress")
    .argument("<destination>", "dst_…")
    .requiredOption("--from <time>", "recorded at or after this, such as 2026-11-23T05:00:00Z")
    .requiredOption("--to <time>", "recorded before this")
    .option("--dry-run", "only count them");
}

function describe({ id, lane, number, outcome, count, attempts, nextAttemptAt }: DeliveryAnswer): string {
  const last = attempts.at(-1);
  const answer = last === undefined ? "no attempts yet" : `${last.statusCode ?? last.error ?? ""} ${last.at}`;
  const next = nextAttemptAt === null ? "" : `  next ${nextAttemptAt}`;
  return `${id}  ${lane} #${number}  ${outcome}  ${counted(count, "event")}  ${answer}${next}`;
}
