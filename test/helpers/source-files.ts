import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { parseSync } from "oxc-parser";

export const REPOSITORY = join(import.meta.dirname, "../..");

/** An import of a file: `target` is a path from the repository's root for relative imports, otherwise a package. */
export interface Import {
  target: string;
  relative: boolean;
  typeOnly: boolean;
  /** Imported names; empty when the whole module is imported. */
  names: string[];
}

/** The part of a syntax node that a walk needs. */
export interface SyntaxNode {
  type: string;
  start: number;
  end: number;
  [property: string]: unknown;
}

export interface SourceFile {
  /** Path from the repository's root, with forward slashes. */
  path: string;
  text: string;
  lines: number;
  imports: Import[];
  nodes: SyntaxNode[];
}

/** Parses every TypeScript file below these folders. */
export function readSources(folders: readonly string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(join(REPOSITORY, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts") && !name.includes("node_modules"))
      .map((name) => parseSource(posix.join(folder, name.replaceAll("\\", "/")))),
  );
}

function parseSource(path: string): SourceFile {
  const text = readFileSync(join(REPOSITORY, path), "utf8");
  const { module, program } = parseSync(path, text);
  const requests = [
    ...module.staticImports.map((found) => ({
      value: found.moduleRequest.value,
      typeOnly: found.entries.length > 0 && found.entries.every((entry) => entry.isType),
      names: found.entries.flatMap((entry) => entry.importName.name ?? []),
    })),
    ...module.staticExports.flatMap((found) =>
      found.entries
        .filter((entry) => entry.moduleRequest !== null)
        .map((entry) => ({ value: entry.moduleRequest?.value ?? "", typeOnly: entry.isType, names: [] })),
    ),
    ...module.dynamicImports
      .map((found) => text.slice(found.moduleRequest.start, found.moduleRequest.end))
      // What is computed names no module that could be judged.
      .filter((request) => /^["'`]/.test(request))
      .map((request) => ({ value: request.slice(1, -1), typeOnly: false, names: [] })),
  ];
  return {
    path,
    text,
    lines: text.split("\n").length - 1,
    imports: requests.map(({ value, typeOnly, names }) => ({
      target: value.startsWith(".") ? posix.join(dirname(path), value) : value,
      relative: value.startsWith("."),
      typeOnly,
      names,
    })),
    nodes: [...walk(program)],
  };
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

export function* walk(node: unknown): Generator<SyntaxNode> {
  if (Array.isArray(node)) {
    for (const child of node) yield* walk(child);
  } else if (isNode(node)) {
    yield node;
    for (const child of Object.values(node)) {
      if (typeof child === "object" && child !== null) yield* walk(child);
    }
  }
}

/** Number of lines that a node covers. */
export function linesOf(file: SourceFile, node: SyntaxNode): number {
  return file.text.slice(node.start, node.end).split("\n").length;
}

/** The line on which a node begins, starting with 1. */
export function lineAt(file: SourceFile, node: SyntaxNode): number {
  return file.text.slice(0, node.start).split("\n").length;
}
