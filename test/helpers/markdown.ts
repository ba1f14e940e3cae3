import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import GithubSlugger from "github-slugger";

export const ROOT = join(import.meta.dirname, "../..");
/** Folders that are not in Git or that hold third-party files. */
const FOREIGN = new Set(["node_modules", ".git", "cdk.out", "dist", "coverage", ".trailcast"]);

export interface MarkdownPage {
  /** Path relative to the root of the repository. */
  path: string;
  text: string;
}

/** Every Markdown file of the repository. */
export function readMarkdownPages(folder = ROOT): MarkdownPage[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((found) => {
    const place = join(folder, found.name);
    if (found.isDirectory()) return FOREIGN.has(found.name) ? [] : readMarkdownPages(place);
    return found.name.endsWith(".md") ? [readMarkdown(relative(ROOT, place))] : [];
  });
}

/** `path` is relative to the root of the repository. */
export function readMarkdown(path: string): MarkdownPage {
  return { path, text: readFileSync(join(ROOT, path), "utf8") };
}

/** The text without fenced code, in which brackets and number signs have another meaning. */
export function withoutCode(text: string): string {
  return text.replaceAll(/^```.*?^```$/gms, "");
}

/** The anchors of a page: those that GitHub generates from headings, and explicit ones. */
export function anchorsOf({ text }: MarkdownPage): Set<string> {
  const slugger = new GithubSlugger();
  const prose = withoutCode(text);
  const headings = [...prose.matchAll(/^#{1,6} +(.+?) *#*$/gm)].map(([, title = ""]) =>
    slugger.slug(title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll(/[`*]/g, "")),
  );
  const named = [...prose.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, id = ""]) => id);
  return new Set([...headings, ...named]);
}

/** The targets of a page's links and images. */
export function linksOf({ text }: MarkdownPage): string[] {
  const prose = withoutCode(text).replaceAll(/`[^`\n]*`/g, "");
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)];
  const definitions = [...prose.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)];
  return [...inline, ...definitions].map(([, target = ""]) => target);
}
