import type { Node } from "oxc-parser";
import { isTest, replace } from "./mutate-flow.ts";
import type { Change, Mutator, Site } from "./mutants.ts";

/** One operand of `&&`, `||` or `??` is left out. */
export const logic: Mutator = ({ node, text }) => {
  if (node.type !== "LogicalExpression") return [];
  const { left, right, operator } = node;
  // Of `a && b && c`, dropping `a && b` says less than dropping one of them.
  const isChain = left.type === "LogicalExpression" && left.operator === operator;
  return (isChain ? [left] : [left, right]).map((kept) =>
    replace(node, `drop operand of ${operator}`, `(${text.slice(kept.start, kept.end)})`),
  );
};

const BOUNDARIES: Readonly<Record<string, string>> = { "<": "<=", "<=": "<", ">": ">=", ">=": ">" };
const EQUALITIES = new Set(["===", "!=="]);

/** A limit that is one off; a comparison whose answer is always the same where no branch or operand is changed already. */
export const comparisons: Mutator = (site) => {
  const { node, parents } = site;
  if (node.type !== "BinaryExpression") return [];
  const boundary = BOUNDARIES[node.operator];
  // A number that is compared with is itself one off in another mutant.
  const isNumber = isNumeric(node.left) || isNumeric(node.right);
  if (boundary === undefined && !EQUALITIES.has(node.operator)) return [];
  const isInside = parents[0]?.type === "LogicalExpression" || parents[0]?.type === "UnaryExpression";
  const answers = isTest(site) || isInside ? [] : ["true", "false"];
  return [
    ...(boundary === undefined || isNumber ? [] : [operatorOf(site, node, "limit is one off", boundary)]),
    ...answers.map((answer) => replace(node, `comparison is ${answer}`, answer)),
  ];
};

function isNumeric(node: Node): boolean {
  return node.type === "Literal" && typeof node.value === "number";
}

/** `!a`, where no branch or operand is changed already. */
export const negations: Mutator = (site) => {
  const { node, text } = site;
  if (node.type !== "UnaryExpression" || (node.operator !== "!" && node.operator !== "-")) return [];
  if (node.operator === "!" && isTest(site)) return [];
  const { start, end } = node.argument;
  return [replace(node, `drop ${node.operator}`, `(${text.slice(start, end)})`)];
};

const OPPOSITES: Readonly<Record<string, string>> = { "+": "-", "-": "+", "*": "/", "/": "*", "%": "*" };

export const arithmetic: Mutator = (site) => {
  const { node } = site;
  if (node.type !== "BinaryExpression") return [];
  const opposite = OPPOSITES[node.operator];
  if (opposite === undefined || (node.operator === "+" && (isText(node.left) || isText(node.right))))
    return [];
  return [operatorOf(site, node, "arithmetic", opposite)];
};

function isText(node: Node): boolean {
  if (node.type === "TemplateLiteral") return true;
  if (node.type === "Literal") return typeof node.value === "string";
  return (
    node.type === "BinaryExpression" && node.operator === "+" && (isText(node.left) || isText(node.right))
  );
}

const ASSIGNMENTS: Readonly<Record<string, string>> = { "+=": "-=", "-=": "+=", "??=": "=" };

export const assignments: Mutator = (site) => {
  const { node } = site;
  if (node.type === "UpdateExpression") {
    const opposite = node.operator === "++" ? "--" : "++";
    const start = node.prefix ? node.start : node.end - 2;
    // The step of a loop's counter: stepping back never ends.
    if (site.parents[0]?.type === "ForStatement") return [];
    return [{ kind: "arithmetic", start, end: start + 2, replacement: opposite }];
  }
  if (node.type !== "AssignmentExpression") return [];
  const opposite = ASSIGNMENTS[node.operator];
  return opposite === undefined ? [] : [operatorOf(site, node, "assignment", opposite)];
};

const SIBLINGS: Readonly<Record<string, string>> = {
  some: "every",
  every: "some",
  min: "max",
  max: "min",
  floor: "ceil",
  ceil: "floor",
  round: "floor",
  startsWith: "endsWith",
  endsWith: "startsWith",
};
/** Methods whose answer is of the kind of their object, so that the call can be left out. */
const TRANSFORMS = new Set([
  "filter",
  "slice",
  "toSorted",
  "toReversed",
  "trim",
  "toLowerCase",
  "toUpperCase",
  "replaceAll",
]);

/** Another method of the same signature, or none. */
export const calls: Mutator = ({ node }) => {
  if (node.type !== "CallExpression" || node.callee.type !== "MemberExpression") return [];
  const { object, property } = node.callee;
  if (property.type !== "Identifier" || node.callee.computed) return [];
  const sibling = Object.hasOwn(SIBLINGS, property.name) ? SIBLINGS[property.name] : undefined;
  if (sibling !== undefined) return [replace(property, "other method", sibling)];
  if (!TRANSFORMS.has(property.name) || object.type === "Super") return [];
  return [{ kind: "drop method call", start: object.end, end: node.end, replacement: "" }];
};

function operatorOf(
  { text }: Site,
  { left, right, operator }: { left: Node; right: Node; operator: string },
  kind: string,
  replacement: string,
): Change {
  const start = text.slice(0, right.start).lastIndexOf(operator);
  return {
    kind,
    start: Math.max(start, left.end),
    end: Math.max(start, left.end) + operator.length,
    replacement,
  };
}
