import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readMarkdown, ROOT } from "../helpers/markdown.ts";

/** Paths that begin with one of these are relative to the root of the repository; all others are relative to core. */
const ROOTS = new Set([
  "bin",
  "lib",
  "lambdas",
  "packages",
  "local",
  "console",
  "cli",
  "bench",
  "test",
  "docs",
  "tools",
]);

const { text: page } = readMarkdown("docs/architecture.md");

/** The text from this heading up to the next one of its level or above. */
function sectionOf(heading: string): string {
  const [, rest = ""] = page.split(`\n${heading}\n`);
  const level = heading.split(" ")[0] ?? "";
  return rest.split(new RegExp(`\n#{1,${level.length}} `))[0] ?? "";
}

/** The code names in the first column of a section's table. */
function firstColumn(section: string): string[] {
  const rows = [...section.matchAll(/^\| (`[^|]+`) +\|/gm)].map(([, cell = ""]) => cell);
  return rows.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name));
}

describe("docs/architecture.md", () => {
  it("lists the layers of core in the order that the architecture test enforces", () => {
    const rules = readFileSync(join(ROOT, "test/architecture.test.ts"), "utf8");
    const [, list = ""] = /const CORE_LAYERS = \[([^\]]*)\]/.exec(rules) ?? [];
    const layers = [...list.matchAll(/"([a-z-]+)"/g)].map(([, name = ""]) => name);
    const section = sectionOf("### The layers of core");
    expect(layers.length).toBeGreaterThan(5);
    expect(firstColumn(section)).toEqual(layers);
    expect(section).toContain(layers.join(" --> "));
  });

  it("lists every folder at the top of the repository", () => {
    const listed = firstColumn(sectionOf("## Where the code lives").split("\n### ")[0] ?? "");
    const folders = readdirSync(ROOT, { withFileTypes: true })
      .filter((found) => found.isDirectory() && !found.name.startsWith("."))
      .map(({ name }) => name)
      .filter((name) => !["node_modules", "dist", "coverage", "cdk.out"].includes(name));
    const missing = folders.filter((name) => !listed.some((path) => path.startsWith(`${name}/`)));
    expect(missing).toEqual([]);
  });

  it("names only files and folders that exist", () => {
    const named = [...page.matchAll(/`((?:[a-z-]+\/)+[\w.-]*)`/g)].map(([, path = ""]) => path);
    const paths = named.filter((path) => ROOTS.has(path.split("/")[0] ?? ""));
    const layered = named.filter((path) => /^[a-z-]+\/[a-z-]+\.ts$/.test(path) && !paths.includes(path));
    expect(paths.length).toBeGreaterThan(20);
    const missing = [
      ...paths.filter((path) => !existsSync(join(ROOT, path))),
      ...layered.filter((path) => !existsSync(join(ROOT, "lambdas/core", path))),
    ];
    expect(missing).toEqual([]);
  });
});
