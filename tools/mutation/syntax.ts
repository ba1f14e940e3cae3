import { type Node, parseSync, type Program, visitorKeys } from "oxc-parser";

/** Parses TypeScript; throws when the text has a syntax error. Parentheses are no nodes of their own. */
export function parse(path: string, text: string): Program {
  const { program, errors } = parseSync(path, text, { preserveParens: false });
  const [error] = errors;
  if (error !== undefined) throw new SyntaxError(`${path}: ${error.message}`);
  return program;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

/** Nodes that hold an expression at run time although they belong to TypeScript. */
const TRANSPARENT = new Set(["TSAsExpression", "TSSatisfiesExpression", "TSNonNullExpression"]);

/** The children of a node that exist at run time, in the order of the text. */
export function childrenOf(node: Node): Node[] {
  if (TRANSPARENT.has(node.type))
    return "expression" in node && isNode(node.expression) ? [node.expression] : [];
  const keys = visitorKeys[node.type] ?? [];
  return keys
    .filter((key) => !(key === "key" && "computed" in node && node.computed === false))
    .flatMap((key): unknown => Reflect.get(node, key))
    .filter(isNode)
    .filter(({ type }) => !type.startsWith("TS") || TRANSPARENT.has(type));
}

/** Calls `visit` for each node that exists at run time, from the outside in; `parents` are innermost first. */
export function walk(node: Node, visit: (node: Node, parents: readonly Node[]) => void): void {
  const step = (current: Node, parents: readonly Node[]): void => {
    visit(current, parents);
    const path = [current, ...parents];
    for (const child of childrenOf(current)) step(child, path);
  };
  step(node, []);
}
