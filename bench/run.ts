import { availableParallelism } from "node:os";
import { Command } from "commander";
import { type BenchStack, startBenchStack } from "./bench-stack.ts";
import { benchIdle } from "./idle.ts";
import { type Figure, formatFigures } from "./measure.ts";
import { benchRetention } from "./retention.ts";
import { benchSingles } from "./singles.ts";
import { benchThroughput } from "./throughput.ts";

/** Each on a stack of its own; retention starts and stops one itself. */
const BENCHES = {
  idle: () => onStack(benchIdle),
  singles: () => onStack(benchSingles),
  throughput: () => onStack(benchThroughput),
  retention: benchRetention,
} as const;

const command = new Command("npm run bench --")
  .description("Measures the local stack; each bench on a stack of its own.")
  .argument("[benches...]", `of ${Object.keys(BENCHES).join(", ")}; all by default`)
  .option("--json", "print the figures as JSON")
  .parse();

const chosen = command.args.length === 0 ? Object.keys(BENCHES) : command.args;
const figures: Figure[] = [];
for (const [name, bench] of Object.entries(BENCHES)) {
  if (!chosen.includes(name)) continue;
  console.error(`${name} …`);
  figures.push(...(await bench()));
}
if (command.opts<{ json?: boolean }>().json === true) console.log(JSON.stringify(figures, undefined, 2));
else console.log(`${formatFigures(figures)}\n${availableParallelism()} cores, Node ${process.version}`);

async function onStack(bench: (stack: BenchStack) => Promise<Figure[]>): Promise<Figure[]> {
  const stack = await startBenchStack();
  try {
    return await bench(stack);
  } finally {
    await stack.stop();
  }
}
