import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readImportGraph } from "./import-graph.ts";
import { FailingTestsError, mutateFiles, type MutationRun } from "./mutate-files.ts";
import { describeScores, describeSurvivor, type Outcome } from "./report.ts";
import { createTestRunner, type FileFinding } from "./test-runner.ts";

const USAGE = `npm run mutation -- [options]

Changes source files a little, one change at a time, and names the changes that no test notices.

  --files GLOB     files to change, may be repeated (default: lambdas/core/**/*.ts)
  --tests GLOB     test files that may be run, may be repeated (default: the tests of functions and command line)
  --sample N       try N of the changes, drawn at random (default: all)
  --seed N         another draw (default: 1)
  --within N       seconds that the tests of one change may take without it; slow files are left out (default: 10)

Ctrl-C ends the run after the present change and prints the score of those tried.
`;

const ROOT = join(import.meta.dirname, "../..");

const { values } = parseArgs({
  options: {
    files: { type: "string", multiple: true, default: ["lambdas/core/**/*.ts"] },
    tests: { type: "string", multiple: true, default: ["test/lambdas/**/*.test.ts", "test/cli/*.test.ts"] },
    sample: { type: "string", default: "Infinity" },
    seed: { type: "string", default: "1" },
    within: { type: "string", default: "10" },
    help: { type: "boolean", short: "h", default: false },
  },
});

/** In the order of the patterns. */
function found(patterns: readonly string[]): string[] {
  const paths = patterns.flatMap((pattern) => globSync(pattern, { cwd: ROOT }).toSorted());
  return [...new Set(paths.map((path) => path.replaceAll("\\", "/")))].filter((path) => path.endsWith(".ts"));
}

const texts = new Map<string, string>();
function textOf(file: string): string {
  const text = texts.get(file) ?? readFileSync(join(ROOT, file), "utf8");
  texts.set(file, text);
  return text;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function onExplored(mutants: number, findings: readonly FileFinding[]): void {
  const tests = findings.reduce((sum, finding) => sum + finding.tests.length, 0);
  print(`${mutants} mutants, ${tests} tests in ${findings.length} files\n`);
}

function onOutcome(outcome: Outcome): void {
  if (outcome.verdict === "killed" || outcome.verdict === "timeout") return;
  print(describeSurvivor(outcome, textOf(outcome.mutant.path)));
}

async function main(asked: Omit<MutationRun, "signal">): Promise<void> {
  if (asked.files.length === 0) throw new RangeError("No file matches --files");
  const started = performance.now();
  const runner = await createTestRunner(ROOT);
  const stop = new AbortController();
  // Vitest would end the process at once.
  process.removeAllListeners("SIGINT");
  process.once("SIGINT", () => stop.abort());
  const run: MutationRun = { ...asked, signal: stop.signal };
  try {
    const outcomes = await mutateFiles(run, {
      runner,
      importers: readImportGraph(),
      textOf,
      onExplored,
      onOutcome,
    });
    print(describeScores(outcomes));
    print(`${outcomes.length} mutants in ${Math.round((performance.now() - started) / 1000)} s`);
  } finally {
    await runner.close();
  }
}

if (values.help) {
  print(USAGE);
} else {
  try {
    await main({
      files: found(values.files),
      tests: found(values.tests),
      sample: Number(values.sample),
      seed: Number(values.seed),
      budgetMs: Number(values.within) * 1000,
    });
  } catch (error) {
    if (!(error instanceof FailingTestsError) && !(error instanceof RangeError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
