import { Command } from "commander";
import { type DeliveryAnswer, deliveryListSchema, deliverySchema } from "../lambdas/core/api/delivery-api.ts";
import { replayCountSchema, replaySchema } from "../lambdas/core/api/replay-api.ts";
import { addApiOptions, type ApiOptions, openApi } from "./api-access.ts";
import { CliError } from "./cli-error.ts";

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

/** `trailcast destinations deliveries | retry | skip | replay` */
export function addDeliveryCommands(destinations: Command): void {
  for (const command of [deliveriesCommand(), retryCommand(), skipCommand(), replayCommand()]) {
    destinations.addCommand(addApiOptions(command));
  }
}

function deliveriesCommand(): Command {
  return new Command("deliveries")
    .description("the newest 50 deliveries of a destination, and how they are doing")
    .argument("<destination>", "dst_…")
    .option("--outcome <outcome>", "only those that came to this, such as retry")
    .action(async (destination: string, options: ListOptions) => {
      const api = await openApi(options, "destinations:read");
      const filter = options.outcome === undefined ? "" : `?outcome=${encodeURIComponent(options.outcome)}`;
      const { body } = await api.call("GET", `${pathOf(options, destination)}/deliveries${filter}`);
      for (const delivery of deliveryListSchema.parse(body).items) print(describe(delivery));
    });
}

function retryCommand(): Command {
  return new Command("retry")
    .description("try a delivery again within a minute; one that is closed is sent again by a replay")
    .argument("<destination>", "dst_…")
    .argument("<delivery>", "whd_…")
    .action(async (destination: string, delivery: string, options: ApiOptions) => {
      const api = await openApi(options, "destinations:write");
      const { body } = await api.call("POST", `${pathOf(options, destination)}/deliveries/${delivery}/retry`);
      print(`${describe(deliverySchema.parse(body))}: being tried`);
    });
}

function skipCommand(): Command {
  return new Command("skip")
    .description("give up a delivery that the receiver always refuses: its events are not delivered")
    .argument("<destination>", "dst_…")
    .argument("<delivery>", "whd_…")
    .option("--yes", "its events will not be delivered")
    .action(async (destination: string, delivery: string, options: SkipOptions) => {
      if (options.yes !== true) {
        throw new CliError("Nothing was skipped. The events will not be delivered: say so by --yes.");
      }
      const api = await openApi(options, "destinations:write");
      const { body } = await api.call("POST", `${pathOf(options, destination)}/deliveries/${delivery}/skip`);
      print(`${describe(deliverySchema.parse(body))}: being skipped`);
    });
}

function replayCommand(): Command {
  return new Command("replay")
    .description("deliver recorded events again")
    .argument("<destination>", "dst_…")
    .requiredOption("--from <time>", "recorded at or after this, such as 2026-11-23T05:00:00Z")
    .requiredOption("--to <time>", "recorded before this")
    .option("--dry-run", "only count them")
    .action(async (destination: string, options: ReplayOptions) => {
      const api = await openApi(options, "destinations:write");
      const { from, to, dryRun = false } = options;
      const { body } = await api.call("POST", `${pathOf(options, destination)}/replays`, {
        from,
        to,
        dryRun,
      });
      const { events, exact } = (dryRun ? replayCountSchema : replaySchema).parse(body);
      const count = exact ? `${events} events` : `at most ${events} events`;
      print(dryRun ? `${count} would be delivered` : `${replaySchema.parse(body).id}  ${count}`);
    });
}

function pathOf({ workspace }: ApiOptions, destination: string): string {
  return `/v1/workspaces/${workspace}/destinations/${destination}`;
}

function describe({ id, lane, number, outcome, count, attempts, nextAttemptAt }: DeliveryAnswer): string {
  const last = attempts.at(-1);
  const answer = last === undefined ? "no attempts yet" : `${last.statusCode ?? last.error ?? ""} ${last.at}`;
  const next = nextAttemptAt === null ? "" : `  next ${nextAttemptAt}`;
  return `${id}  ${lane} #${number}  ${outcome}  ${count} events  ${answer}${next}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
