import { posix } from "node:path";
import type { FileFinding, TestFinding, TestSelection } from "./test-runner.ts";

/** The tests that a mutant is tried on. */
export interface TestPlan {
  selections: TestSelection[];
  /** Milliseconds that they take without the mutant. */
  duration: number;
  /** Test files that would take too long together with these. */
  leftOut: number;
}

/** A mutated file as its tests see it. */
export interface PlanContext {
  file: string;
  findings: readonly FileFinding[];
  /** Every file that imports it, directly or through others. */
  importers: ReadonlySet<string>;
  /** Milliseconds that the tests of a mutant may take. */
  budgetMs: number;
}

/**
 * The tests that enter the region of a mutant; for the module itself, which every import runs, all tests of the files that import it.
 * Those of the mutated file come first, then those of its folder, then the quick ones.
 */
export function planTests(region: number | undefined, context: PlanContext): TestPlan {
  const chosen = context.findings
    .filter(({ file }) => context.importers.has(file))
    .map(({ file, hits, tests }) =>
      choose(file, region === undefined || hits.includes(region) ? tests : entering(tests, region)),
    )
    .filter(({ ids }) => ids.length > 0)
    .toSorted(
      (a, b) =>
        remoteness(a.file, context.file) - remoteness(b.file, context.file) || a.duration - b.duration,
    );
  const selections: TestSelection[] = [];
  let duration = 0;
  for (const { file, ids, duration: added } of chosen) {
    if (duration + added > context.budgetMs) continue;
    duration += added;
    selections.push({ file, ids });
  }
  const [only] = chosen;
  if (selections.length === 0 && only !== undefined) {
    // One test file is run in any case.
    duration = only.duration;
    selections.push({ file: only.file, ids: only.ids });
  }
  return { selections, duration, leftOut: chosen.length - selections.length };
}

function choose(file: string, tests: readonly TestFinding[]): TestSelection & { duration: number } {
  return {
    file,
    ids: tests.map(({ id }) => id),
    duration: tests.reduce((sum, { duration }) => sum + duration, 0),
  };
}

function entering(tests: readonly TestFinding[], region: number): TestFinding[] {
  return tests.filter(({ hits }) => hits.includes(region));
}

/** 0 for the tests of the file itself, 1 for those of its folder, 2 for others. */
function remoteness(test: string, file: string): number {
  const mirror = posix.join("test", file.replace(/\.ts$/, ""));
  if (test.startsWith(`${mirror}.`)) return 0;
  return posix.dirname(test) === posix.dirname(mirror) ? 1 : 2;
}
