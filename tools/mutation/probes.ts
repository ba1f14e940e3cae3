import type { Node } from "oxc-parser";
import { PROBE } from "./probe-name.ts";
import { parse, walk } from "./syntax.ts";

/** Where a test run passes: a stretch of a file that is entered as a whole. */
export interface Region {
  start: number;
  end: number;
}

interface Edit {
  at: number;
  text: string;
}

/** Regions of a file in the order of their begin: blocks, bodies of functions, branches. What is in none is the module itself. */
export function regionsOf(path: string, text: string): Region[] {
  return sitesOf(path, text).map(({ node: { start, end } }) => ({ start, end }));
}

/** The text with a probe in each region, the first of which has the number `from`. */
export function probe(path: string, text: string, from: number): string {
  const edits = sitesOf(path, text).flatMap(({ node, kind }, index) => editsOf(node, kind, from + index));
  // At one place the inner region's probe comes later in the text, and its end earlier.
  const ordered = edits.toSorted((a, b) => a.at - b.at);
  let end = 0;
  const parts = ordered.map(({ at, text: added }) => {
    const part = text.slice(end, at) + added;
    end = at;
    return part;
  });
  return parts.join("") + text.slice(end);
}

/** The innermost region around a place, or none. */
export function regionAt(regions: readonly Region[], start: number, end: number): number | undefined {
  const found = regions.findLastIndex((region) => region.start <= start && end <= region.end);
  return found === -1 ? undefined : found;
}

type Kind = "block" | "statement" | "expression";

function sitesOf(path: string, text: string): { node: Node; kind: Kind }[] {
  const sites: { node: Node; kind: Kind }[] = [];
  walk(parse(path, text), (node, [parent]) => {
    const kind = kindOf(node, parent);
    if (kind !== undefined) sites.push({ node, kind });
  });
  return sites.toSorted((a, b) => a.node.start - b.node.start || b.node.end - a.node.end);
}

function kindOf(node: Node, parent: Node | undefined): Kind | undefined {
  if (node.type === "BlockStatement") return "block";
  if (parent?.type === "ArrowFunctionExpression" && parent.body === node) return "expression";
  if (parent?.type === "ConditionalExpression" && parent.test !== node) return "expression";
  if (parent?.type === "LogicalExpression" && parent.right === node) return "expression";
  if (parent?.type === "IfStatement" && parent.test !== node) return "statement";
  return undefined;
}

function editsOf(node: Node, kind: Kind, number: number): Edit[] {
  const call = `${PROBE}(${number})`;
  switch (kind) {
    case "block":
      return [{ at: node.start + 1, text: `${call};` }];
    case "statement":
      return [
        { at: node.start, text: `{${call};` },
        { at: node.end, text: "}" },
      ];
    case "expression":
      return [
        { at: node.start, text: `(${call},` },
        { at: node.end, text: ")" },
      ];
    default:
      return [];
  }
}
