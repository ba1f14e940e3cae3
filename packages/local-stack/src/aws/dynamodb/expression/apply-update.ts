import { setAttribute, typeOf, validationError, type AttributeValue, type Item } from "../attribute-value.ts";
import { sameValue } from "../attribute-order.ts";
import { addNumbers, negateNumber } from "../decimal.ts";
import { checkOverlap, type Bindings, type ResolvedPath } from "./bindings.ts";
import { valueAt } from "./evaluate.ts";
import { expressionError } from "./expression-text.ts";
import type { SetValue, Update } from "./syntax-tree.ts";

const TYPE_WORDS: Readonly<Record<string, string>> = {
  S: "STRING",
  N: "NUMBER",
  B: "BINARY",
  BOOL: "BOOLEAN",
  NULL: "NULL",
  SS: "STRING_SET",
  NS: "NUMBER_SET",
  BS: "BINARY_SET",
  L: "LIST",
  M: "MAP",
};

function wrongOperand(): Error {
  return validationError("An operand in the update expression has an incorrect data type");
}

function missingAttribute(): Error {
  return validationError("The provided expression refers to an attribute that does not exist in the item");
}

function invalidPath(): Error {
  return validationError("The document path provided in the update expression is invalid for update");
}

/** All paths that an update changes, in the order of its sections. Refuses two that overlap. */
export function updatedPaths(update: Update, bindings: Bindings): ResolvedPath[] {
  const paths = [
    ...update.set.map((clause) => clause.path),
    ...update.remove,
    ...update.add.map((clause) => clause.path),
    ...update.delete.map((clause) => clause.path),
  ].map((path) => bindings.path(path));
  checkOverlap("UpdateExpression", paths);
  return paths;
}

function evaluateSet(value: SetValue, item: Item, bindings: Bindings): AttributeValue {
  switch (value.kind) {
    case "value":
      return bindings.value(value.placeholder);
    case "path": {
      const found = valueAt(item, bindings.path(value.path));
      if (found === undefined) throw missingAttribute();
      return found;
    }
    case "if-not-exists":
      return valueAt(item, bindings.path(value.path)) ?? evaluateSet(value.fallback, item, bindings);
    case "list-append": {
      const first = evaluateSet(value.first, item, bindings);
      const second = evaluateSet(value.second, item, bindings);
      if (!("L" in first) || !("L" in second)) throw wrongOperand();
      return { L: [...first.L, ...second.L] };
    }
    default: {
      const left = evaluateSet(value.left, item, bindings);
      const right = evaluateSet(value.right, item, bindings);
      if (!("N" in left) || !("N" in right)) throw wrongOperand();
      return { N: addNumbers(left.N, value.kind === "plus" ? right.N : negateNumber(right.N)) };
    }
  }
}

function write(item: Item, path: ResolvedPath, value: AttributeValue): void {
  const last = path.at(-1);
  const parent = valueAt(item, path.slice(0, -1));
  if (typeof last === "string") {
    if (parent === undefined || !("M" in parent)) throw invalidPath();
    setAttribute(parent.M, last, value);
    return;
  }
  if (last === undefined || parent === undefined || !("L" in parent)) throw invalidPath();
  // An index beyond the end of a list appends one member, whatever its value.
  if (last < parent.L.length) parent.L[last] = value;
  else parent.L.push(value);
}

function erase(item: Item, path: ResolvedPath): void {
  const last = path.at(-1);
  const parent = valueAt(item, path.slice(0, -1));
  if (parent === undefined) {
    if (path.length > 1) throw invalidPath();
    return;
  }
  if (typeof last === "string") {
    if (!("M" in parent)) throw invalidPath();
    delete parent.M[last];
  } else if (last !== undefined) {
    if (!("L" in parent)) throw invalidPath();
    if (last < parent.L.length) parent.L.splice(last, 1);
  }
}

function members(value: AttributeValue): string[] | undefined {
  if ("SS" in value) return value.SS;
  if ("NS" in value) return value.NS;
  return "BS" in value ? value.BS : undefined;
}

function withMembers(like: AttributeValue, list: string[]): AttributeValue {
  if ("SS" in like) return { SS: list };
  return "NS" in like ? { NS: list } : { BS: list };
}

function operatorError(operator: string, type: string): Error {
  return expressionError(
    "UpdateExpression",
    `Incorrect operand type for operator or function; operator: ${operator}, operand type: ${TYPE_WORDS[type] ?? type}, typeset: ALLOWED_FOR_${operator}_OPERAND`,
  );
}

function added(current: AttributeValue | undefined, operand: AttributeValue): AttributeValue {
  if (current === undefined) return operand;
  if (typeOf(current) !== typeOf(operand)) throw wrongOperand();
  if ("N" in operand && "N" in current) return { N: addNumbers(current.N, operand.N) };
  return withMembers(operand, [...new Set([...(members(current) ?? []), ...(members(operand) ?? [])])]);
}

function deleteMembers(item: Item, path: ResolvedPath, operand: AttributeValue): void {
  const current = valueAt(item, path);
  if (current === undefined) return;
  if (typeOf(current) !== typeOf(operand)) throw wrongOperand();
  const gone = new Set(members(operand));
  const rest = (members(current) ?? []).filter((member) => !gone.has(member));
  if (rest.length === 0) erase(item, path);
  else write(item, path, withMembers(operand, rest));
}

/** Refuses what DynamoDB refuses in an update before it reads the item. */
export function checkUpdate(update: Update, bindings: Bindings): void {
  for (const { placeholder } of update.add) {
    const operand = bindings.value(placeholder);
    if (!("N" in operand) && members(operand) === undefined) throw operatorError("ADD", typeOf(operand));
  }
  for (const { placeholder } of update.delete) {
    const operand = bindings.value(placeholder);
    if (members(operand) === undefined) throw operatorError("DELETE", typeOf(operand));
  }
}

function byIndexDownwards(left: ResolvedPath, right: ResolvedPath): number {
  const a = left.at(-1);
  const b = right.at(-1);
  return typeof a === "number" && typeof b === "number" ? b - a : 0;
}

/** The item after an update. Every value is computed from the item as it was before. */
export function applyUpdate(before: Item, update: Update, bindings: Bindings): Item {
  const after = structuredClone(before);
  const sets = update.set.map(({ path, value }) => ({
    path: bindings.path(path),
    value: structuredClone(evaluateSet(value, before, bindings)),
  }));
  for (const { path, value } of sets.toSorted((a, b) => byIndexDownwards(b.path, a.path))) {
    write(after, path, value);
  }
  for (const { path, placeholder } of update.add) {
    const resolved = bindings.path(path);
    write(after, resolved, added(valueAt(before, resolved), bindings.value(placeholder)));
  }
  for (const { path, placeholder } of update.delete) {
    deleteMembers(after, bindings.path(path), bindings.value(placeholder));
  }
  // Removes list members from the highest index down, because a removal moves those after it.
  for (const path of update.remove.map((each) => bindings.path(each)).toSorted(byIndexDownwards)) {
    erase(after, path);
  }
  return after;
}

/** Whether an update did not change the value at a path. */
export function isUnchanged(before: Item, after: Item, path: ResolvedPath): boolean {
  const old = valueAt(before, path);
  const now = valueAt(after, path);
  return old === undefined || now === undefined ? old === now : sameValue(old, now);
}
