import type { KeyAttribute } from "../table-definition.ts";
import { typeOf, validationError, type AttributeValue } from "../attribute-value.ts";
import type { Bindings } from "./bindings.ts";
import { expressionError } from "./expression-text.ts";
import type { Condition, Operand } from "./syntax-tree.ts";

export type RangeCondition =
  | { kind: "=" | "<" | "<=" | ">" | ">="; value: AttributeValue }
  | { kind: "between"; low: AttributeValue; high: AttributeValue }
  | { kind: "begins-with"; value: AttributeValue };

export interface KeyCondition {
  hash: AttributeValue;
  range: RangeCondition | undefined;
}

const MIRRORED = { "=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<=" } as const;
const KIND = "KeyConditionExpression";

function conjuncts(condition: Condition): Condition[] {
  if (condition.kind !== "and") return [condition];
  return [...conjuncts(condition.left), ...conjuncts(condition.right)];
}

function attributeName(operand: Operand, bindings: Bindings): string | undefined {
  if (operand.kind !== "path") return undefined;
  const path = bindings.path(operand.path);
  if (path.length > 1) {
    throw expressionError(KIND, "KeyConditionExpressions cannot have conditions on nested attributes");
  }
  return String(path[0]);
}

function valueOf(operand: Operand, bindings: Bindings): AttributeValue {
  if (operand.kind !== "value") throw validationError("Query key condition not supported");
  return bindings.value(operand.placeholder);
}

interface NamedCondition {
  name: string;
  condition: RangeCondition;
}

function readComparison(
  condition: Extract<Condition, { kind: "compare" }>,
  bindings: Bindings,
): NamedCondition {
  const { comparator, left, right } = condition;
  if (comparator === "<>") throw expressionError(KIND, "Invalid operator used in KeyConditionExpression: <>");
  const name = attributeName(left, bindings);
  if (name !== undefined) return { name, condition: { kind: comparator, value: valueOf(right, bindings) } };
  const mirrored = attributeName(right, bindings);
  if (mirrored === undefined) throw validationError("Query key condition not supported");
  return { name: mirrored, condition: { kind: MIRRORED[comparator], value: valueOf(left, bindings) } };
}

function readOne(condition: Condition, bindings: Bindings): NamedCondition {
  if (condition.kind === "compare") return readComparison(condition, bindings);
  if (condition.kind === "between") {
    const name = attributeName(condition.operand, bindings);
    if (name === undefined) throw validationError("Query key condition not supported");
    const low = valueOf(condition.low, bindings);
    return { name, condition: { kind: "between", low, high: valueOf(condition.high, bindings) } };
  }
  if (condition.kind === "begins-with") {
    const name = attributeName(condition.container, bindings);
    if (name === undefined) throw validationError("Query key condition not supported");
    return { name, condition: { kind: "begins-with", value: valueOf(condition.operand, bindings) } };
  }
  const operator = condition.kind === "or" || condition.kind === "not" || condition.kind === "in";
  throw expressionError(
    KIND,
    `Invalid operator used in KeyConditionExpression: ${operator ? condition.kind.toUpperCase() : condition.kind}`,
  );
}

function checkType(key: KeyAttribute, value: AttributeValue): void {
  if (typeOf(value) !== key.type) {
    throw validationError(
      "One or more parameter values were invalid: Condition parameter type does not match schema type",
    );
  }
  const text = "S" in value ? value.S : "B" in value ? value.B : undefined;
  if (text === "") {
    throw validationError(
      `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${key.name}`,
    );
  }
}

function checkRange(key: KeyAttribute, range: RangeCondition): void {
  const values = range.kind === "between" ? [range.low, range.high] : [range.value];
  for (const value of values) checkType(key, value);
}

/** Reads a key condition: `=` on the partition key and at most one condition on the sort key. */
export function readKeyCondition(
  condition: Condition,
  bindings: Bindings,
  hashKey: KeyAttribute,
  rangeKey: KeyAttribute | undefined,
): KeyCondition {
  const conditions = conjuncts(condition).map((each) => readOne(each, bindings));
  if (new Set(conditions.map(({ name }) => name)).size !== conditions.length) {
    throw expressionError(KIND, "KeyConditionExpressions must only contain one condition per key");
  }
  const hash = conditions.find(({ name }) => name === hashKey.name)?.condition;
  if (hash === undefined) {
    throw validationError(`Query condition missed key schema element: ${hashKey.name}`);
  }
  if (hash.kind !== "=") throw validationError("Query key condition not supported");
  checkType(hashKey, hash.value);
  const other = conditions.find(({ name }) => name !== hashKey.name);
  if (other === undefined) return { hash: hash.value, range: undefined };
  if (rangeKey === undefined || other.name !== rangeKey.name) {
    throw validationError(`Query condition missed key schema element: ${rangeKey?.name ?? other.name}`);
  }
  if (conditions.length > 2) throw validationError("Conditions can be of length 1 or 2 only");
  checkRange(rangeKey, other.condition);
  return { hash: hash.value, range: other.condition };
}
