import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { describeFaults } from "./faults/fault-log.ts";
import { runFaults } from "./faults/run-faults.ts";
import { describeVerdict } from "./faults/verdict.ts";

const DETAILS_SHOWN = 40;

const HELP = `
Ends with 1 when an event was not accepted, is lost or out of order, a chain has a hole, or nothing moves any more.

What a seed repeats: the workspaces and their POSTs, what each receiver does with its n-th request, the kills and at
which share of the work they come, and whether the n-th call of a function for a workspace or the n-th batch or ring
of a mapping is hit, and how. What it does not repeat: which work that n-th call, batch or ring is about, and what a
kill interrupts. That depends on the machine's timing, so a failure may take several runs of its seed to come again.
A run that fails keeps its folder: faults.ndjson there says which faults happened when, functions.log and ledger.json
what came of them.`;

function whole(least: number, greatest: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (Number.isInteger(number) && number >= least && number <= greatest) return number;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${greatest}.`);
  };
}

const options = new Command("npm run faults --")
  .description(
    "Runs the local stack under receivers that fail, functions that die, wake-ups and batches that are lost, late or double, and kill -9; then says whether every event arrived, in order.",
  )
  .option("--events <n>", "events to post", whole(1, 10_000_000), 5000)
  .option("--workspaces <n>", "workspaces, each with one destination", whole(1, 1000), 10)
  .option("--kills <n>", "times that the whole stack is killed", whole(0, 1000), 3)
  .option("--seed <n>", "decides the plan of faults; see below what it repeats", whole(0, 2 ** 31), 1)
  .option("--time-scale <x>", "run the stack's clock so many times faster", whole(1, 1000), 60)
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
if (run.dir !== undefined) console.log(`Kept for a look: ${run.dir}`);
console.log(
  `${run.events} events in ${run.deliveries} deliveries, ${kills} kills, ${run.seconds.toFixed(0)} s, ${availableParallelism()} cores`,
);
console.log(describeFaults(run.faults));
console.log(describeVerdict(run));
if (!run.isSound) process.exitCode = 1;
