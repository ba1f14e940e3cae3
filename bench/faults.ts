import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { runFaults } from "./faults/run-faults.ts";
import { describeVerdict } from "./faults/verdict.ts";

const DETAILS_SHOWN = 40;

function whole(least: number, greatest: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (Number.isInteger(number) && number >= least && number <= greatest) return number;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${greatest}.`);
  };
}

const options = new Command("npm run faults --")
  .description(
    "Runs the local stack under receivers that fail, functions that die, rings and batches that are lost, late or double, and kill -9; then says whether every event arrived, in order.",
  )
  .option("--events <n>", "events to post", whole(1, 10_000_000), 5000)
  .option("--workspaces <n>", "workspaces, each with one destination", whole(1, 1000), 10)
  .option("--kills <n>", "times that the whole stack is killed", whole(0, 1000), 3)
  .option("--seed <n>", "decides every fault; the same seed gives the same faults", whole(0, 2 ** 31), 1)
  .option("--time-scale <x>", "run the stack's clock so many times faster", whole(1, 1000), 60)
  .addHelpText("after", "\nEnds with 1 when an event is lost or out of order, or a chain has a hole.")
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
console.log(describeVerdict(run));
if (!run.isSound) process.exitCode = 1;
