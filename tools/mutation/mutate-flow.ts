import type { Node } from "oxc-parser";
import type { Change, Mutator, Site } from "./mutants.ts";

/** Where a condition decides: a branch, a loop, or a value that is the answer of a comparison. */
export function isTest({ node, parents: [parent] }: Site): boolean {
  switch (parent?.type) {
    case "IfStatement":
    case "ConditionalExpression":
    case "WhileStatement":
    case "ForStatement":
      return parent.test === node;
    default:
      return false;
  }
}

/**
 * A branch that is always or never taken. `a && b` is never forced to true, nor `a || b` to false: dropping one of their operands says
 * more. A loop is never forced to run for ever.
 */
export const conditions: Mutator = (site) => {
  const { node, parents } = site;
  if (!isTest(site)) return [];
  const operator = node.type === "LogicalExpression" ? node.operator : undefined;
  const isLoop = parents[0]?.type === "WhileStatement" || parents[0]?.type === "ForStatement";
  const isAlready = (value: boolean): boolean => node.type === "Literal" && node.value === value;
  return [true, false]
    .filter((value) => !isAlready(value) && !(value && isLoop))
    .filter((value) => !(operator === "&&" && value) && !(operator === "||" && !value))
    .map((value) => replace(node, `condition is ${value}`, String(value)));
};

/** A statement that is left out: a call, an assignment, a throw. */
export const statements: Mutator = ({ node, parents }) => {
  if (isGuarded(parents)) return [];
  if (node.type === "ThrowStatement") return [replace(node, "drop throw", ";")];
  if (node.type !== "ExpressionStatement") return [];
  switch (node.expression.type) {
    case "CallExpression":
      return node.expression.callee.type === "Super" ? [] : [replace(node, "drop call", ";")];
    case "AwaitExpression":
      return [replace(node, "drop call", ";")];
    case "AssignmentExpression":
      return [replace(node, "drop assignment", ";")];
    default:
      return [];
  }
};

/** Whether the statement is all that an `if` does: then forcing its condition drops it. */
function isGuarded([parent, grandparent]: readonly Node[]): boolean {
  const isAlone = parent?.type === "BlockStatement" && parent.body.length === 1;
  const guard = isAlone ? grandparent : parent;
  return guard?.type === "IfStatement" && guard.alternate === null;
}

/** `a?.b` that expects to find something. */
export const chains: Mutator = ({ node, text }) => {
  if (node.type !== "MemberExpression" && node.type !== "CallExpression") return [];
  if (!node.optional) return [];
  const from = node.type === "CallExpression" ? node.callee.end : node.object.end;
  const start = text.indexOf("?.", from);
  const isStatic = node.type === "MemberExpression" && !node.computed;
  return [{ kind: "drop ?.", start, end: start + 2, replacement: isStatic ? "." : "" }];
};

export function replace({ start, end }: Node, kind: string, replacement: string): Change {
  return { kind, start, end, replacement };
}
