import type { Node } from "oxc-parser";
import { replace } from "./mutate-flow.ts";
import type { Mutator } from "./mutants.ts";

export const flags: Mutator = ({ node, parents }) => {
  if (node.type !== "Literal" || typeof node.value !== "boolean") return [];
  const isTested = parents[0]?.type === "BinaryExpression";
  return isTested ? [] : [replace(node, "flag", String(!node.value))];
};

/** Names of lengths and sizes, for which one more or less is no news. */
const QUANTITY = /(?:ms|seconds|minutes|hours|days|bytes)$/i;
const QUANTITY_FROM = 1_000;

/** A number that is one off; a length or size that is none, or double. */
export const numbers: Mutator = ({ node, parents }) => {
  if (node.type !== "Literal" || typeof node.value !== "number") return [];
  const { value } = node;
  if (value === 0) return [replace(node, "number", "1")];
  const isQuantity = value >= QUANTITY_FROM || QUANTITY.test(nameOf(parents));
  const others = isQuantity ? [0, value * 2] : [value - 1, value + 1];
  return others.map((other) => replace(node, "number", String(other)));
};

/** The name that a value is given, or nothing. */
function nameOf(parents: readonly Node[]): string {
  for (const parent of parents) {
    if (parent.type === "VariableDeclarator") return parent.id.type === "Identifier" ? parent.id.name : "";
    if (parent.type === "Property") return parent.key.type === "Identifier" ? parent.key.name : "";
    if (parent.type !== "BinaryExpression") return "";
  }
  return "";
}

/** A name that is empty. Sentences are for people: no test repeats them. */
export const strings: Mutator = ({ node, parents }) => {
  const [parent] = parents;
  if (node.type === "TemplateLiteral") {
    const isSentence = node.quasis.some(({ value }) => /\s/.test(value.raw));
    return isSentence || parent?.type === "TaggedTemplateExpression"
      ? []
      : [replace(node, "empty text", '""')];
  }
  if (node.type !== "Literal" || typeof node.value !== "string") return [];
  if (node.value === "" || /\s/.test(node.value)) return [];
  const isElsewhere =
    parent?.type === "ExpressionStatement" ||
    parent?.type === "BinaryExpression" ||
    parent?.type === "ImportDeclaration" ||
    parent?.type === "ExportNamedDeclaration" ||
    parent?.type === "ExportAllDeclaration";
  return isElsewhere ? [] : [replace(node, "empty text", '""')];
};

/** A pattern that matches anywhere. */
export const patterns: Mutator = ({ node }) => {
  if (node.type !== "Literal" || !("regex" in node)) return [];
  const { pattern, flags: given } = node.regex;
  const without = [
    ...(pattern.startsWith("^") ? [pattern.slice(1)] : []),
    ...(pattern.endsWith("$") && !pattern.endsWith("\\$") ? [pattern.slice(0, -1)] : []),
  ];
  return without.map((other) => replace(node, "pattern", `/${other}/${given}`));
};

export const arrays: Mutator = ({ node }) =>
  node.type === "ArrayExpression" && node.elements.length > 0 ? [replace(node, "empty list", "[]")] : [];

/** A property of a changed copy, or what is spread into an object, that is forgotten. */
export const properties: Mutator = (site) => {
  const { node, parents } = site;
  const [parent] = parents;
  if (parent?.type !== "ObjectExpression" || !parent.properties.some(isSpread)) return [];
  if (node.type === "Property") return [replace(node, "drop property", "...{}")];
  // Of `...(a && b)`, dropping an operand is the same.
  if (!isSpread(node) || node.argument.type === "LogicalExpression") return [];
  return [replace(node, "drop property", "...{}")];
};

function isSpread(node: Node): node is Extract<Node, { type: "SpreadElement" }> {
  return node.type === "SpreadElement";
}
