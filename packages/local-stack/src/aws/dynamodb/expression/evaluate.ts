import { attributeOf, typeOf, type AttributeValue, type Item } from "../attribute-value.ts";
import { beginsWith, compareValues, containsValue, measuredSize, sameValue } from "../attribute-order.ts";
import type { Bindings, ResolvedPath } from "./bindings.ts";
import { expressionError, type ExpressionKind } from "./expression-text.ts";
import type { Comparator, Condition, Operand } from "./syntax-tree.ts";

const TYPES: ReadonlySet<string> = new Set(["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"]);

/** The value at a path of an item; undefined if there is none. */
export function valueAt(item: Item, path: ResolvedPath): AttributeValue | undefined {
  let value: AttributeValue | undefined = { M: item };
  for (const step of path) {
    if (value === undefined) return undefined;
    if (typeof step === "string") value = "M" in value ? attributeOf(value.M, step) : undefined;
    else value = "L" in value ? value.L[step] : undefined;
  }
  return value;
}

function operandValue(operand: Operand, item: Item, bindings: Bindings): AttributeValue | undefined {
  if (operand.kind === "value") return bindings.value(operand.placeholder);
  const value = valueAt(item, bindings.path(operand.path));
  if (operand.kind === "path" || value === undefined) return value;
  const size = measuredSize(value);
  return size === undefined ? undefined : { N: String(size) };
}

function holds(
  comparator: Comparator,
  left: AttributeValue | undefined,
  right: AttributeValue | undefined,
): boolean {
  if (left === undefined || right === undefined) return comparator === "<>" && left !== right;
  if (comparator === "=") return sameValue(left, right);
  if (comparator === "<>") return !sameValue(left, right);
  const order = compareValues(left, right);
  if (order === undefined) return false;
  if (comparator === "<") return order < 0;
  if (comparator === "<=") return order <= 0;
  return comparator === ">" ? order > 0 : order >= 0;
}

/** Whether an item meets a condition. An item that does not exist is passed as an empty one. */
export function meets(condition: Condition, item: Item, bindings: Bindings): boolean {
  const read = (operand: Operand): AttributeValue | undefined => operandValue(operand, item, bindings);
  switch (condition.kind) {
    case "and":
      return meets(condition.left, item, bindings) && meets(condition.right, item, bindings);
    case "or":
      return meets(condition.left, item, bindings) || meets(condition.right, item, bindings);
    case "not":
      return !meets(condition.condition, item, bindings);
    case "compare":
      return holds(condition.comparator, read(condition.left), read(condition.right));
    case "between": {
      const value = read(condition.operand);
      return holds(">=", value, read(condition.low)) && holds("<=", value, read(condition.high));
    }
    case "in": {
      const value = read(condition.operand);
      return condition.candidates.some((candidate) => holds("=", value, read(candidate)));
    }
    case "exists":
      return (valueAt(item, bindings.path(condition.path)) !== undefined) === condition.expected;
    case "type": {
      const value = valueAt(item, bindings.path(condition.path));
      const type = read(condition.type);
      return value !== undefined && type !== undefined && "S" in type && typeOf(value) === type.S;
    }
    default: {
      const container = read(condition.container);
      const operand = read(condition.operand);
      if (container === undefined || operand === undefined) return false;
      return condition.kind === "contains"
        ? containsValue(container, operand)
        : beginsWith(container, operand);
    }
  }
}

function checkOperandType(
  kind: ExpressionKind,
  operator: string,
  operand: Operand,
  allowed: readonly string[],
  bindings: Bindings,
): void {
  if (operand.kind !== "value") return;
  const type = typeOf(bindings.value(operand.placeholder));
  if (allowed.includes(type)) return;
  throw expressionError(
    kind,
    `Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${type}`,
  );
}

function checkBounds(
  kind: ExpressionKind,
  condition: Extract<Condition, { kind: "between" }>,
  bindings: Bindings,
): void {
  if (condition.low.kind !== "value" || condition.high.kind !== "value") return;
  const low = bindings.value(condition.low.placeholder);
  const high = bindings.value(condition.high.placeholder);
  const order = compareValues(low, high);
  if (order === undefined) {
    throw expressionError(
      kind,
      `The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {${typeOf(low)}}, upper bound operand: AttributeValue: {${typeOf(high)}}`,
    );
  }
  if (order > 0) {
    throw expressionError(
      kind,
      "The BETWEEN operator requires upper bound to be greater than or equal to lower bound",
    );
  }
}

function checkTypeName(kind: ExpressionKind, operand: Operand, bindings: Bindings): void {
  checkOperandType(kind, "attribute_type", operand, ["S"], bindings);
  if (operand.kind !== "value") return;
  const type = bindings.value(operand.placeholder);
  if ("S" in type && !TYPES.has(type.S)) {
    throw expressionError(
      kind,
      `Invalid attribute type name found; type: ${type.S}, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}`,
    );
  }
}

/** Refuses what DynamoDB refuses in a condition before it reads any item. */
export function checkCondition(kind: ExpressionKind, condition: Condition, bindings: Bindings): void {
  switch (condition.kind) {
    case "and":
    case "or":
      checkCondition(kind, condition.left, bindings);
      checkCondition(kind, condition.right, bindings);
      return;
    case "not":
      checkCondition(kind, condition.condition, bindings);
      return;
    case "compare":
      if (condition.comparator === "=" || condition.comparator === "<>") return;
      checkOperandType(kind, condition.comparator, condition.left, ["S", "N", "B"], bindings);
      checkOperandType(kind, condition.comparator, condition.right, ["S", "N", "B"], bindings);
      return;
    case "between":
      checkBounds(kind, condition, bindings);
      return;
    case "type":
      checkTypeName(kind, condition.type, bindings);
      return;
    case "begins-with":
      checkOperandType(kind, "begins_with", condition.operand, ["S", "B"], bindings);
      return;
    default:
  }
}
