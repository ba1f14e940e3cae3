import { describe, expect, it } from "vitest";
import { PROBLEM_CATALOGUE } from "../../lambdas/core/base/problem-catalogue.ts";
import { readMarkdown } from "../helpers/markdown.ts";
import { readSources } from "../helpers/source-files.ts";

/** Each section of the page whose heading is a problem's kind, up to the next heading. */
const sections = new Map(
  readMarkdown("docs/errors.md")
    .text.split(/^#+ /m)
    .filter((section) => /^[a-z-]+\n/.test(section))
    .map((section) => [section.split("\n")[0] ?? "", section]),
);

const sources = readSources(["lambdas"]).filter(({ path }) => !path.endsWith("/problem-catalogue.ts"));

describe("docs/errors.md", () => {
  it("has every problem type that the API returns, and no other", () => {
    expect([...sections.keys()]).toEqual(Object.keys(PROBLEM_CATALOGUE));
  });

  it("gives the status, title, cause and remedy of each exactly as the API does", () => {
    const expected = Object.entries(PROBLEM_CATALOGUE).map(
      ([kind, { status, title, cause, remedy }]) =>
        `${kind}\n\n**${status}** ${title}.\n\n- **Cause:** ${cause}\n- **Remedy:** ${remedy}\n`,
    );
    const different = expected.filter((text) => !sections.get(text.split("\n")[0] ?? "")?.startsWith(text));
    expect(different).toEqual([]);
  });
});

describe("the catalogue of problems", () => {
  it("is sorted alphabetically", () => {
    const kinds = Object.keys(PROBLEM_CATALOGUE);
    expect(kinds).toEqual(kinds.toSorted());
  });

  it("has no type that is never returned", () => {
    const isAnswered = (kind: string) => sources.some(({ text }) => text.includes(`kind: "${kind}"`));
    expect(Object.keys(PROBLEM_CATALOGUE).filter((kind) => !isAnswered(kind))).toEqual([]);
  });
});
