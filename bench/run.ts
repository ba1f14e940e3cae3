import { availableParallelism } from "node:os";
import { Argument, Command } from "commander";
import { type BenchStack, startBenchStack } from "./stack/bench-stack.ts";
import { benchCatchUp } from "./catch-up.ts";
import { benchFairness } from "./fairness.ts";
import { benchIdle } from "./idle.ts";
import { exitCodeOf, type Figure, formatFigures } from "./measure.ts";
import { benchRetention } from "./retention.ts";
import { benchSingles } from "./singles.ts";
import { benchThroughput } from "./throughput.ts";

/** Each bench has its own stack; the longer ones start and stop theirs themselves. */
const BENCHES = {
  idle: () => onStack(benchIdle),
  singles: () => onStack(benchSingles),
  throughput: () => onStack(benchThroughput),
  retention: benchRetention,
  "catch-up": () => benchCatchUp(),
  fairness: () => benchFairness(),
} as const;
/** These take minutes each, so they run only when they are named. */
const LONG: ReadonlySet<string> = new Set(["catch-up", "fairness"]);

const command = new Command("npm run bench --")
  .description(
    "Measures the local stack; each bench runs on its own stack. Exits with 1 when a figure misses its target.",
  )
  .addArgument(
    new Argument("[benches...]", `all but ${[...LONG].join(" and ")} by default`).choices(
      Object.keys(BENCHES),
    ),
  )
  .option("--json", "print the figures as JSON")
  .parse();

const usual = Object.keys(BENCHES).filter((name) => !LONG.has(name));
const chosen = command.args.length === 0 ? usual : command.args;
const figures: Figure[] = [];
for (const [name, bench] of Object.entries(BENCHES)) {
  if (!chosen.includes(name)) continue;
  console.error(`${name} …`);
  figures.push(...(await bench()));
}
if (command.opts<{ json?: boolean }>().json === true) console.log(JSON.stringify(figures, undefined, 2));
else console.log(`${formatFigures(figures)}\n${availableParallelism()} cores, Node ${process.version}`);
process.exitCode = exitCodeOf(figures);

async function onStack(bench: (stack: BenchStack) => Promise<Figure[]>): Promise<Figure[]> {
  const stack = await startBenchStack();
  try {
    return await bench(stack);
  } finally {
    await stack.stop();
  }
}
