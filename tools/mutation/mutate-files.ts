import type { Importers } from "./import-graph.ts";
import { mutate, type Mutant, mutantsOf } from "./mutants.ts";
import { planTests } from "./plan-tests.ts";
import { probe, regionAt, type Region, regionsOf } from "./probes.ts";
import type { Outcome } from "./report.ts";
import { sample } from "./sample.ts";
import type { FileFinding, TestRunner } from "./test-runner.ts";

export interface MutationRun {
  /** Files to change, from the repository's root. */
  files: readonly string[];
  /** Test files that may be run. */
  tests: readonly string[];
  /** How many mutants are tried at most, and which draw of them. */
  sample: number;
  seed: number;
  /** Milliseconds that the tests of one mutant may take. */
  budgetMs: number;
  /** Ends the run after the mutant of the moment. */
  signal: AbortSignal;
}

export interface MutationPorts {
  runner: TestRunner;
  importers: Importers;
  textOf(file: string): string;
  /** Before the first mutant: how many there are, and what the tests came to without one. */
  onExplored(mutants: number, findings: readonly FileFinding[]): void;
  /** Each outcome as soon as it is known. */
  onOutcome(outcome: Outcome): void;
}

/** Test files that fail or hold no test without any mutant: nothing can be learnt from them. */
export class FailingTestsError extends Error {
  override name = "FailingTestsError";
}

/** So much longer than without it the tests of a mutant may take before it counts as one that never ends. */
const TIMEOUT_FACTOR = 5;
const TIMEOUT_LEAST_MS = 10_000;

interface Probed {
  file: string;
  regions: Region[];
  /** Number of its first region. */
  from: number;
}

/** Tries mutants of files on the tests that reach them. */
export async function mutateFiles(run: MutationRun, ports: MutationPorts): Promise<Outcome[]> {
  const chosen = sample(
    run.files.flatMap((file) => mutantsOf(file, ports.textOf(file))),
    run.sample,
    run.seed,
  );
  const files = [...new Set(chosen.map(({ path }) => path))];
  const probed = probeFiles(files, ports);
  const findings = await ports.runner.explore(testsOf(files, run.tests, ports.importers));
  for (const file of files) ports.runner.serve(file, undefined);
  refuseFailing(findings);
  ports.onExplored(chosen.length, findings);
  const outcomes: Outcome[] = [];
  for (const mutant of chosen) {
    if (run.signal.aborted) break;
    const outcome = await tryMutant(mutant, probed.get(mutant.path), findings, run, ports);
    outcomes.push(outcome);
    ports.onOutcome(outcome);
  }
  return outcomes;
}

/** Serves each file with probes in it. */
function probeFiles(files: readonly string[], { runner, textOf }: MutationPorts): Map<string, Probed> {
  const probed = new Map<string, Probed>();
  let from = 0;
  for (const file of files) {
    const text = textOf(file);
    const regions = regionsOf(file, text);
    runner.serve(file, probe(file, text, from));
    probed.set(file, { file, regions, from });
    from += regions.length;
  }
  return probed;
}

/** The test files that import one of these files, directly or through others. */
function testsOf(files: readonly string[], tests: readonly string[], importers: Importers): string[] {
  const near = new Set(files.flatMap((file) => [...importers(file)]));
  return tests.filter((test) => near.has(test));
}

function refuseFailing(findings: readonly FileFinding[]): void {
  const failing = findings.filter(({ ok, tests }) => !ok || tests.length === 0).map(({ file }) => file);
  if (failing.length > 0)
    throw new FailingTestsError(`These tests fail without a mutant: ${failing.join(", ")}`);
}

async function tryMutant(
  mutant: Mutant,
  probed: Probed | undefined,
  findings: readonly FileFinding[],
  run: MutationRun,
  { runner, importers, textOf }: MutationPorts,
): Promise<Outcome> {
  const { path: file } = mutant;
  const inner = probed && regionAt(probed.regions, mutant.start, mutant.end);
  const region = probed === undefined || inner === undefined ? undefined : probed.from + inner;
  const { selections, duration, leftOut } = planTests(region, {
    file,
    findings,
    importers: importers(file),
    budgetMs: run.budgetMs,
  });
  const tests = selections.reduce((sum, { ids }) => sum + ids.length, 0);
  if (tests === 0) return { mutant, verdict: "uncovered", tests, leftOut };
  runner.serve(file, mutate(textOf(file), mutant));
  const verdict = await runner.judge(selections, TIMEOUT_LEAST_MS + TIMEOUT_FACTOR * duration);
  runner.serve(file, undefined);
  return { mutant, verdict, tests, leftOut };
}
