import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const docs = join(import.meta.dirname, "../../docs");
const page = readFileSync(join(docs, "protocol.md"), "utf8");

/** Files whose numbered tests are the traces. */
const TRACE_FILES = [
  "../test/lambdas/core/journal/traces-journal.test.ts",
  "../test/lambdas/core/lane/traces-lane.test.ts",
];

interface PlayedTrace {
  trace: number;
  file: string;
  title: string;
}

const sections = page
  .split(/^### Trace /m)
  .slice(1)
  .map((section) => ({ trace: Number.parseInt(section, 10), text: section.split(/^#/m)[0] ?? "" }));

const played: PlayedTrace[] = sections.flatMap(({ trace, text }) =>
  [...text.matchAll(/^- \*\*Played by\*\* \[[^\]]+\]\(([^)]+)\): `(.+)`$/gm)].map(
    ([, file = "", title = ""]) => ({
      trace,
      file,
      title,
    }),
  ),
);

/** The titles of a file's tests: the text that is the first argument of `it(…)`, `it.each(…)(…)` or a sibling. */
function titlesIn(file: string): string[] {
  const text = readFileSync(join(docs, file), "utf8");
  return [...text.matchAll(/\(\s*"((?:[^"\\]|\\.)+)",\s*(?:\{[^}]*\},\s*)?(?:async )?\(/g)].map(
    ([, title = ""]) => title,
  );
}

describe("docs/protocol.md", () => {
  it("describes the traces 1 to 18, each with what must not happen and why it cannot", () => {
    expect(sections.map(({ trace }) => trace)).toEqual(Array.from({ length: 18 }, (_, index) => index + 1));
    const incomplete = sections.filter(
      ({ text }) => !text.includes("- **Must not happen:** ") || !text.includes("- **Why it cannot:** "),
    );
    expect(incomplete.map(({ trace }) => trace)).toEqual([]);
  });

  it("names for each trace a test of that number, and only tests that exist", () => {
    const numbered = (trace: number) =>
      played.some((test) => test.trace === trace && Number.parseInt(test.title, 10) === trace);
    expect(sections.filter(({ trace }) => !numbered(trace)).map(({ trace }) => trace)).toEqual([]);
    const missing = played.filter(({ file, title }) => !titlesIn(file).includes(title));
    expect(missing).toEqual([]);
  });

  it("names every numbered test of the files that play traces", () => {
    const named = new Set(played.map(({ title }) => title));
    const numbered = TRACE_FILES.flatMap(titlesIn).filter((title) => /^\d/.test(title));
    expect(numbered.filter((title) => !named.has(title))).toEqual([]);
  });
});
