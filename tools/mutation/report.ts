import { dirname } from "node:path";
import { diffOf, type Mutant } from "./mutants.ts";
import type { Verdict } from "./test-runner.ts";

/** What became of a mutant; `uncovered` when no test enters it. */
export interface Outcome {
  mutant: Mutant;
  verdict: Verdict | "uncovered";
  /** Tests that it was tried on, and test files that would have taken too long. */
  tests: number;
  leftOut: number;
}

/** Mutants that no test noticed, each with its place and the change as a diff. `textOf` gives the text of a file. */
export function describeSurvivors(outcomes: readonly Outcome[], textOf: (path: string) => string): string {
  return outcomes
    .filter(isSurvivor)
    .map((outcome) => describeSurvivor(outcome, textOf(outcome.mutant.path)))
    .join("\n");
}

export function describeSurvivor({ mutant, verdict, tests, leftOut }: Outcome, text: string): string {
  const rest = leftOut === 0 ? "" : `, ${leftOut} test files left out`;
  const why = verdict === "uncovered" ? "no test enters it" : `${tests} tests pass${rest}`;
  const diff = diffOf(text, mutant).replaceAll(/^/gm, "    ");
  return `${mutant.path}:${mutant.line}  ${mutant.kind}: ${why}\n${diff}\n`;
}

/** A table of the folders: how many mutants there are, and how many of them a test noticed. */
export function describeScores(outcomes: readonly Outcome[]): string {
  const folders = Map.groupBy(outcomes, ({ mutant }) => dirname(mutant.path));
  const rows = [...folders]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([folder, inside]) => rowOf(folder, inside));
  const table = [["folder", "mutants", "killed", "timed out", "survived", "no test", "score"], ...rows];
  if (rows.length > 1) table.push(rowOf("all", outcomes));
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  return table
    .map((row) =>
      row
        .map((cell, column) => pad(cell, widths[column] ?? 0, column > 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function rowOf(name: string, outcomes: readonly Outcome[]): string[] {
  const count = (verdict: Outcome["verdict"]): number =>
    outcomes.filter((outcome) => outcome.verdict === verdict).length;
  const noticed = count("killed") + count("timeout");
  const counts = [outcomes.length, count("killed"), count("timeout"), count("survived"), count("uncovered")];
  return [name, ...counts.map(String), `${((100 * noticed) / outcomes.length).toFixed(1)} %`];
}

function pad(cell: string, width: number, isNumber: boolean): string {
  return isNumber ? cell.padStart(width) : cell.padEnd(width);
}

function isSurvivor({ verdict }: Outcome): boolean {
  return verdict === "survived" || verdict === "uncovered";
}
