import { expect, it } from "vitest";
import { planTests } from "../../../tools/mutation/plan-tests.ts";
import type { FileFinding } from "../../../tools/mutation/test-runner.ts";

/** A test file of one test that takes so long and enters these regions. */
const found = (file: string, duration: number, hits: number[], outside: number[] = []): FileFinding => ({
  file,
  duration,
  hits: outside,
  ok: true,
  tests: [{ id: `test of ${file}`, duration, hits, ok: true }],
});
const OWN = found("test/lambdas/core/lane/sweep.test.ts", 40, [1]);
const NEAR = found("test/lambdas/core/lane/health.test.ts", 30, [1, 2]);
const QUICK = found("test/lambdas/quick.test.ts", 10, [1]);
const SLOW = found("test/lambdas/slow.test.ts", 20, [2], [1]);
const FOREIGN = found("test/lambdas/foreign.test.ts", 1, [1]);

function plan(region: number | undefined, budgetMs: number): [files: string[], leftOut: number] {
  const findings = [FOREIGN, SLOW, QUICK, NEAR, OWN];
  const importers = new Set(findings.filter((each) => each !== FOREIGN).map(({ file }) => file));
  const { selections, leftOut } = planTests(region, {
    file: "lambdas/core/lane/sweep.ts",
    findings,
    importers,
    budgetMs,
  });
  return [selections.map(({ file }) => file), leftOut];
}
const files = (...findings: FileFinding[]): string[] => findings.map(({ file }) => file);

it("a mutant is tried on the tests that enter it: its file's own, its folder's, then the quick ones", () => {
  expect(plan(1, 1000)).toEqual([files(OWN, NEAR, QUICK, SLOW), 0]);
  expect(plan(2, 1000)).toEqual([files(NEAR, SLOW), 0]);
  expect(plan(3, 1000)).toEqual([[], 0]);
});

it("what every import runs is tried on the tests of all files that import it", () => {
  expect(plan(undefined, 1000)).toEqual([files(OWN, NEAR, QUICK, SLOW), 0]);
});

it("slow files are left out, but never all of them", () => {
  expect(plan(1, 85)).toEqual([files(OWN, NEAR, QUICK), 1]);
  expect(plan(1, 35)).toEqual([files(NEAR), 3]);
  expect(plan(1, 5)).toEqual([files(OWN), 3]);
});
