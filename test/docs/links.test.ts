import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize, relative } from "node:path";
import { describe, expect, it } from "vitest";
import {
  anchorsOf,
  linksOf,
  type MarkdownPage,
  readMarkdown,
  readMarkdownPages,
  ROOT,
} from "../helpers/markdown.ts";

const pages = readMarkdownPages();

/** Why a link of a page leads nowhere, or `undefined` if it is valid. */
function faultOf(page: MarkdownPage, link: string): string | undefined {
  const [file = "", anchor] = link.split("#");
  const target = file === "" ? page.path : normalize(join(dirname(page.path), decodeURI(file)));
  if (target.startsWith("..")) return "leaves the repository";
  if (!existsSync(join(ROOT, target))) return "has no such file";
  if (anchor === undefined || !target.endsWith(".md")) return undefined;
  return anchorsOf(readMarkdown(target)).has(anchor) ? undefined : "has no such heading";
}

/** Folders with text that people read: sources, tests and pages. */
const TEXT_FOLDERS = [
  "bin",
  "lib",
  "lambdas",
  "packages",
  "local",
  "cli",
  "console",
  "bench",
  "test",
  "docs",
  ".ci",
];
const TEXT_FILE = /\.(?:ts|js|mjs|md|html|css)$|^run$/;

function textsIn(folder: string): { path: string; text: string }[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((found) => found.isFile() && TEXT_FILE.test(found.name))
    .map((found) => relative(ROOT, join(found.parentPath, found.name)))
    .filter((path) => !/(?:node_modules|\/dist|\/\.cache)\//.test(path))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

describe("every text of the repository", () => {
  it("names only Markdown pages that exist", () => {
    const names = new Set(pages.map(({ path }) => basename(path)));
    const unknown = TEXT_FOLDERS.flatMap(textsIn).flatMap(({ path, text }) =>
      [...text.matchAll(/[\w-]+\.md\b/g)].flatMap(([name]) => (names.has(name) ? [] : [`${path}: ${name}`])),
    );
    expect(unknown).toEqual([]);
  });

  it("refers to no design outside of the repository", () => {
    const outside = /\b(?:the|of the|by) design\b(?! in the repository)|\.\.\/shared\//i;
    const found = TEXT_FOLDERS.flatMap(textsIn).filter(
      ({ path, text }) => path !== "test/docs/links.test.ts" && outside.test(text),
    );
    expect(found.map(({ path }) => path)).toEqual([]);
  });
});

describe("every Markdown page", () => {
  it("is checked", () => {
    const paths = pages.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(["README.md", "docs/architecture.md", "docs/protocol.md"]));
  });

  it("has relative links that lead to a file and, with an anchor, to a heading of it", () => {
    const broken = pages.flatMap((page) =>
      linksOf(page)
        .filter((link) => !/^[a-z]+:/.test(link))
        .flatMap((link) => {
          const fault = faultOf(page, link);
          return fault === undefined ? [] : [`${page.path}: ${link} ${fault}`];
        }),
    );
    expect(broken).toEqual([]);
  });

  it("is reached by links from README.md, if it is in docs/", () => {
    const reached = new Set(["README.md"]);
    for (const path of reached) {
      for (const link of linksOf(readMarkdown(path)).filter((target) => !/^[a-z]+:|^#/.test(target))) {
        const target = normalize(join(dirname(path), link.split("#")[0] ?? ""));
        if (target.endsWith(".md")) reached.add(target);
        // A link to a folder makes its files reachable.
        for (const { path: page } of pages) if (dirname(page) === target) reached.add(page);
      }
    }
    const lost = pages.filter(({ path }) => path.startsWith("docs/") && !reached.has(path));
    expect(lost.map(({ path }) => path)).toEqual([]);
  });
});
