import { relative } from "node:path";
import { REPOSITORY } from "./source-files.ts";

const METRICS = ["lines", "branches", "functions"] as const;
type Metric = (typeof METRICS)[number];
interface Count {
  total: number;
  covered: number;
}
type Counts = Record<Metric, Count>;

/** The part of vitest's coverage context that this reporter needs. */
interface CoverageContext {
  getTree(): {
    visit(
      visitor: {
        onDetail(file: { getFileCoverage(): { path: string }; getCoverageSummary(): Counts }): void;
      },
      context: CoverageContext,
    ): void;
  };
}

const INTRODUCTION = `
Coverage of what the tests run in their own processes. It is a lower bound: the functions of a running stack are bundled
and run in worker threads, and commands and stacks in processes of their own; V8 counts none of these here.
`;

/** A coverage reporter for vitest that prints one line per folder; the built-in ones print one per file. */
export default class CoverageByFolder {
  execute(context: CoverageContext): void {
    const folders = new Map<string, Counts>();
    const onDetail: Parameters<ReturnType<CoverageContext["getTree"]>["visit"]>[0]["onDetail"] = (file) => {
      const counts = file.getCoverageSummary();
      for (const folder of [folderOf(file.getFileCoverage().path), "all"]) add(folders, folder, counts);
    };
    context.getTree().visit({ onDetail }, context);
    const rows = [...folders].toSorted(
      ([a], [b]) => Number(a === "all") - Number(b === "all") || (a < b ? -1 : 1),
    );
    const table = [
      row("folder", [...METRICS]),
      ...rows.map(([folder, counts]) =>
        row(
          folder,
          METRICS.map((metric) => percentage(counts[metric])),
        ),
      ),
    ];
    process.stdout.write(`${INTRODUCTION}\n${table.join("\n")}\n\n`);
  }
}

/**
 * Groups files by folder: the pure core and each package are separate, other files belong to their top-level folder.
 */
function folderOf(file: string): string {
  const [first = "", second = ""] = relative(REPOSITORY, file).split(/[/\\]/);
  return first === "packages" || second === "core" ? `${first}/${second}` : first;
}

function add(folders: Map<string, Counts>, folder: string, more: Counts): void {
  const counts = folders.get(folder) ?? {
    lines: { total: 0, covered: 0 },
    branches: { total: 0, covered: 0 },
    functions: { total: 0, covered: 0 },
  };
  for (const metric of METRICS) {
    counts[metric].total += more[metric].total;
    counts[metric].covered += more[metric].covered;
  }
  folders.set(folder, counts);
}

function percentage({ total, covered }: Count): string {
  return total === 0 ? "-" : `${((100 * covered) / total).toFixed(1)} %`;
}

function row(folder: string, cells: readonly string[]): string {
  return `${folder.padEnd(24)}${cells.map((cell) => cell.padStart(12)).join("")}`;
}
