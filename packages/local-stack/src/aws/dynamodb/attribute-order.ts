import { attributeOf, typeOf, type AttributeValue, type Item } from "./attribute-value.ts";
import { compareNumbers, numberSize } from "./decimal.ts";

function sameMembers(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  const members = new Set(left);
  return right.every((member) => members.has(member));
}

/** Whether two items have the same attributes; the order of names and of set members does not count. */
export function sameItem(left: Item, right: Item): boolean {
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => {
    const a = attributeOf(left, name);
    const b = attributeOf(right, name);
    return a !== undefined && b !== undefined && sameValue(a, b);
  });
}

/** Whether two values are deeply equal in type and value. */
export function sameValue(left: AttributeValue, right: AttributeValue): boolean {
  if ("S" in left) return "S" in right && left.S === right.S;
  if ("N" in left) return "N" in right && left.N === right.N;
  if ("B" in left) return "B" in right && left.B === right.B;
  if ("BOOL" in left) return "BOOL" in right && left.BOOL === right.BOOL;
  if ("NULL" in left) return "NULL" in right;
  if ("M" in left) return "M" in right && sameItem(left.M, right.M);
  if ("SS" in left) return "SS" in right && sameMembers(left.SS, right.SS);
  if ("NS" in left) return "NS" in right && sameMembers(left.NS, right.NS);
  if ("BS" in left) return "BS" in right && sameMembers(left.BS, right.BS);
  if (!("L" in right) || left.L.length !== right.L.length) return false;
  return left.L.every((member, index) => {
    const other = right.L[index];
    return other !== undefined && sameValue(member, other);
  });
}

/**
 * Returns less than, equal to or more than zero, or undefined if the values cannot be ordered. Text is ordered by its
 * UTF-8 bytes.
 */
export function compareValues(left: AttributeValue, right: AttributeValue): number | undefined {
  if ("S" in left && "S" in right) return Buffer.compare(Buffer.from(left.S), Buffer.from(right.S));
  if ("N" in left && "N" in right) return compareNumbers(left.N, right.N);
  if ("B" in left && "B" in right) {
    return Buffer.compare(Buffer.from(left.B, "base64"), Buffer.from(right.B, "base64"));
  }
  return undefined;
}

function binarySize(base64: string): number {
  return Buffer.byteLength(base64, "base64");
}

function sum(values: readonly string[], size: (value: string) => number): number {
  return values.reduce((total, value) => total + size(value), 0);
}

/** Size of a value in bytes by the rules of "DynamoDB item sizes and formats". */
export function valueSize(value: AttributeValue): number {
  if ("S" in value) return Buffer.byteLength(value.S);
  if ("N" in value) return numberSize(value.N);
  if ("B" in value) return binarySize(value.B);
  if ("M" in value) return 3 + itemSize(value.M) + Object.keys(value.M).length;
  if ("L" in value) return 3 + value.L.reduce((total, member) => total + valueSize(member) + 1, 0);
  if ("SS" in value) return sum(value.SS, Buffer.byteLength);
  if ("NS" in value) return sum(value.NS, numberSize);
  if ("BS" in value) return sum(value.BS, binarySize);
  return 1;
}

/** Size of an item in bytes: names and values. */
export function itemSize(item: Item): number {
  let size = 0;
  for (const name of Object.keys(item)) {
    const value = attributeOf(item, name);
    if (value !== undefined) size += Buffer.byteLength(name) + valueSize(value);
  }
  return size;
}

/** The result of `size()`: UTF-8 bytes of text, bytes of a binary, members of a set, list or map. */
export function measuredSize(value: AttributeValue): number | undefined {
  if ("S" in value) return Buffer.byteLength(value.S);
  if ("B" in value) return binarySize(value.B);
  if ("M" in value) return Object.keys(value.M).length;
  if ("L" in value) return value.L.length;
  if ("SS" in value) return value.SS.length;
  if ("NS" in value) return value.NS.length;
  if ("BS" in value) return value.BS.length;
  return undefined;
}

/**
 * `contains(container, operand)`: whether a text or binary contains the operand, or a set or list has it as a member.
 */
export function containsValue(container: AttributeValue, operand: AttributeValue): boolean {
  if ("S" in container) return "S" in operand && container.S.includes(operand.S);
  if ("B" in container) {
    return "B" in operand && Buffer.from(container.B, "base64").includes(Buffer.from(operand.B, "base64"));
  }
  if ("SS" in container) return "S" in operand && container.SS.includes(operand.S);
  if ("NS" in container) return "N" in operand && container.NS.includes(operand.N);
  if ("BS" in container) return "B" in operand && container.BS.includes(operand.B);
  return "L" in container && container.L.some((member) => sameValue(member, operand));
}

/** `begins_with(value, prefix)`. */
export function beginsWith(value: AttributeValue, prefix: AttributeValue): boolean {
  if ("S" in value) return "S" in prefix && value.S.startsWith(prefix.S);
  if (!("B" in value) || !("B" in prefix)) return false;
  const start = Buffer.from(prefix.B, "base64");
  return Buffer.from(value.B, "base64").subarray(0, start.length).equals(start);
}

/** Whether a value has one of the types that a key or an ordered comparison may have. */
export function isOrdered(value: AttributeValue): boolean {
  const type = typeOf(value);
  return type === "S" || type === "N" || type === "B";
}
