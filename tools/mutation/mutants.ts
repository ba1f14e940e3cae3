import type { Node } from "oxc-parser";
import { MUTATORS } from "./mutators.ts";
import { parse, walk } from "./syntax.ts";

/** One small change of a file that a test should notice. */
export interface Mutant {
  /** From the repository's root. */
  path: string;
  /** The kind of change, such as `drop operand`. */
  kind: string;
  start: number;
  end: number;
  replacement: string;
  /** Line on which the change begins, from 1. */
  line: number;
}

/** A change of text, before it is known to parse. */
export type Change = Pick<Mutant, "kind" | "start" | "end" | "replacement">;

/** What a mutator sees: a node, what encloses it (innermost first) and the text of its file. */
export interface Site {
  node: Node;
  parents: readonly Node[];
  text: string;
}

export type Mutator = (site: Site) => Change[];

/** All mutants of a file in the order of its text. A change that does not parse is left out. */
export function mutantsOf(path: string, text: string): Mutant[] {
  const changes: Change[] = [];
  walk(parse(path, text), (node, parents) => {
    for (const mutator of MUTATORS) changes.push(...mutator({ node, parents, text }));
  });
  return changes
    .filter((change) => parses(path, mutate(text, change)))
    .toSorted((a, b) => a.start - b.start || a.end - b.end)
    .map((change) => ({ path, ...change, line: lineAt(text, change.start) }));
}

/** The file with the change in it. */
export function mutate(text: string, { start, end, replacement }: Omit<Change, "kind">): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

/** The lines that a mutant changes as a diff, without indentation. */
export function diffOf(text: string, mutant: Mutant): string {
  const begin = text.lastIndexOf("\n", mutant.start - 1) + 1;
  const next = text.indexOf("\n", mutant.end);
  const finish = next === -1 ? text.length : next;
  const { start, end, replacement } = mutant;
  const before = text.slice(begin, finish);
  const after = mutate(before, { start: start - begin, end: end - begin, replacement });
  return [...marked("-", before), ...marked("+", after)].join("\n");
}

function marked(mark: string, text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => `${mark} ${line.trim()}`);
}

function parses(path: string, text: string): boolean {
  try {
    parse(path, text);
    return true;
  } catch {
    return false;
  }
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}
