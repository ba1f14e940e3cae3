import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { describeFaults } from "./faults/fault-log.ts";
import { runFaults } from "./faults/run-faults.ts";
import { describeVerdict } from "./faults/verdict.ts";

const DETAILS_SHOWN = 40;

const HELP = `
Exits with 1 when an event was not accepted, lost or out of order, a chain has a hole, or progress stops.

A seed determines the workspaces and their POSTs, what each receiver does with its n-th request, the kills and the
share of the work after which they come, and which fault, if any, meets the n-th call of a function for a workspace
and the n-th batch or wake-up of a mapping. It does not determine what that n-th call, batch or wake-up is about, nor
what a kill interrupts. That depends on the machine's timing, so it may take several runs to reproduce a failure.
A failed run keeps its folder: faults.ndjson lists the faults and their times, functions.log and ledger.json show
their effects.`;

function whole(least: number, greatest: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (Number.isInteger(number) && number >= least && number <= greatest) return number;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${greatest}.`);
  };
}

const options = new Command("npm run faults --")
  .description(
    "Runs the local stack with failing receivers, dying functions, wake-ups and batches that are lost, late or duplicated, and kill -9; then reports whether every event arrived, in order.",
  )
  .option("--events <n>", "events to post", whole(1, 10_000_000), 5000)
  .option("--workspaces <n>", "workspaces, each with one destination", whole(1, 1000), 10)
  .option("--kills <n>", "number of times to kill the whole stack", whole(0, 1000), 3)
  .option("--seed <n>", "determines the plan of faults; see below for its limits", whole(0, 2 ** 31), 1)
  .option("--time-scale <x>", "run the stack's clock this many times faster", whole(1, 1000), 60)
  .addHelpText("after", HELP)
  .parse()
  .opts<{ events: number; workspaces: number; kills: number; seed: number; timeScale: number }>();

const { events, workspaces, kills, seed, timeScale } = options;
console.log(
  `npm run faults -- --events ${events} --workspaces ${workspaces} --kills ${kills} --seed ${seed} --time-scale ${timeScale}`,
);
const run = await runFaults(options, (line) => console.log(line));
for (const line of run.details.slice(0, DETAILS_SHOWN)) console.log(line);
if (run.details.length > DETAILS_SHOWN) console.log(`… and ${run.details.length - DETAILS_SHOWN} more`);
if (run.dir !== undefined) console.log(`Kept for inspection: ${run.dir}`);
console.log(
  `${run.events} events in ${run.deliveries} deliveries, ${kills} kills, ${run.seconds.toFixed(0)} s, ${availableParallelism()} cores`,
);
console.log(describeFaults(run.faults));
console.log(describeVerdict(run));
if (!run.isSound) process.exitCode = 1;
