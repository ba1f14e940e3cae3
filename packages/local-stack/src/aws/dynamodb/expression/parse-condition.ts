import type { ExpressionKind } from "./expression-text.ts";
import type { Comparator, Condition, Operand, Path } from "./syntax-tree.ts";
import { TokenReader } from "./token-reader.ts";

const COMPARATORS: ReadonlyMap<string, Comparator> = new Map(
  (["=", "<>", "<", "<=", ">", ">="] as const).map((comparator) => [comparator, comparator]),
);
/** API reference: at most 100 values on the right of IN. */
const MAX_IN_OPERANDS = 100;

function isFunctionCall(reader: TokenReader): boolean {
  return reader.peek().type === "name" && reader.isSymbol("(", 1);
}

function parseOperand(reader: TokenReader): Operand {
  if (reader.peek().type === ":value") return { kind: "value", placeholder: reader.valuePlaceholder() };
  if (!isFunctionCall(reader)) return { kind: "path", path: reader.path() };
  const name = reader.next().text;
  if (name !== "size") {
    throw reader.complain(
      `The function is not allowed to be used this way in an expression; function: ${name}`,
    );
  }
  reader.expectSymbol("(");
  const path = reader.path();
  reader.expectSymbol(")");
  return { kind: "size", path };
}

function pathArgument(reader: TokenReader, name: string): Path {
  if (reader.peek().type === ":value") {
    throw reader.complain(`Operator or function requires a document path; operator or function: ${name}`);
  }
  return reader.path();
}

function parseArguments(reader: TokenReader, name: string): Condition {
  switch (name) {
    case "attribute_exists":
    case "attribute_not_exists":
      return { kind: "exists", path: pathArgument(reader, name), expected: name === "attribute_exists" };
    case "attribute_type": {
      const path = pathArgument(reader, name);
      reader.expectSymbol(",");
      return { kind: "type", path, type: parseOperand(reader) };
    }
    case "begins_with":
    case "contains": {
      const container = parseOperand(reader);
      reader.expectSymbol(",");
      const kind = name === "contains" ? "contains" : "begins-with";
      return { kind, container, operand: parseOperand(reader) };
    }
    default:
      throw reader.complain(`Invalid function name; function: ${name}`);
  }
}

function parseComparison(reader: TokenReader): Condition {
  const left = parseOperand(reader);
  const comparator = COMPARATORS.get(reader.peek().text);
  if (comparator !== undefined) {
    reader.next();
    return { kind: "compare", comparator, left, right: parseOperand(reader) };
  }
  if (reader.takeKeyword("BETWEEN")) {
    const low = parseOperand(reader);
    reader.expectKeyword("AND");
    return { kind: "between", operand: left, low, high: parseOperand(reader) };
  }
  reader.expectKeyword("IN");
  reader.expectSymbol("(");
  const candidates = [parseOperand(reader)];
  while (reader.takeSymbol(",")) candidates.push(parseOperand(reader));
  reader.expectSymbol(")");
  if (candidates.length > MAX_IN_OPERANDS) {
    throw reader.complain(
      `The IN operator is provided with too many operands; number of operands: ${candidates.length}`,
    );
  }
  return { kind: "in", operand: left, candidates };
}

function parsePrimary(reader: TokenReader): Condition {
  if (reader.takeSymbol("(")) {
    const doubled = reader.isSymbol("(");
    const condition = parseOr(reader);
    // DynamoDB refuses `((a = b))`, but not `((a = b) AND c = d)`.
    if (doubled && reader.isSymbol(")", -1) && isWrapped(reader)) {
      throw reader.complain("The expression has redundant parentheses;");
    }
    reader.expectSymbol(")");
    return condition;
  }
  if (isFunctionCall(reader) && reader.peek().text !== "size") {
    const name = reader.next().text;
    reader.expectSymbol("(");
    const condition = parseArguments(reader, name);
    reader.expectSymbol(")");
    return condition;
  }
  return parseComparison(reader);
}

/** Whether the parenthesis that was closed last was opened directly after the one that is still open. */
function isWrapped(reader: TokenReader): boolean {
  let depth = 0;
  for (let back = -1; ; back -= 1) {
    if (reader.isSymbol(")", back)) depth += 1;
    if (reader.isSymbol("(", back)) depth -= 1;
    if (depth === 0) return reader.isSymbol("(", back - 1) && reader.isSymbol(")");
  }
}

function parseNot(reader: TokenReader): Condition {
  return reader.takeKeyword("NOT") ? { kind: "not", condition: parseNot(reader) } : parsePrimary(reader);
}

function parseAnd(reader: TokenReader): Condition {
  let left = parseNot(reader);
  while (reader.takeKeyword("AND")) left = { kind: "and", left, right: parseNot(reader) };
  return left;
}

function parseOr(reader: TokenReader): Condition {
  let left = parseAnd(reader);
  while (reader.takeKeyword("OR")) left = { kind: "or", left, right: parseAnd(reader) };
  return left;
}

/** A parsed expression with its placeholders. */
export interface Parsed<T> {
  kind: ExpressionKind;
  tree: T;
  names: ReadonlySet<string>;
  values: ReadonlySet<string>;
}

/** Reads a condition, filter or key condition. */
export function parseCondition(kind: ExpressionKind, text: string): Parsed<Condition> {
  const reader = new TokenReader(kind, text);
  const tree = parseOr(reader);
  reader.expectEnd();
  return { kind, tree, names: reader.names, values: reader.values };
}
