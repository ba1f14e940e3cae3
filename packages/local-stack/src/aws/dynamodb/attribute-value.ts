import { AwsError } from "../aws-service.ts";
import { normaliseNumber } from "./decimal.ts";

/** A value in DynamoDB's JSON: one property, its type. Binary is base64; numbers are text in normal form. */
export type AttributeValue =
  | { S: string }
  | { N: string }
  | { B: string }
  | { BOOL: boolean }
  | { NULL: true }
  | { SS: string[] }
  | { NS: string[] }
  | { BS: string[] }
  | { L: AttributeValue[] }
  | { M: Item };
export type Item = Record<string, AttributeValue>;
export type AttributeType = "S" | "N" | "B" | "BOOL" | "NULL" | "SS" | "NS" | "BS" | "L" | "M";

/** Developer Guide, "Quotas": attributes may be nested up to 32 levels deep. */
const MAX_DEPTH = 32;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** An error of the caller, with a message. */
export function validationError(message: string): AwsError {
  return new AwsError("ValidationException", message);
}

function badParameter(detail: string): AwsError {
  return validationError(`One or more parameter values were invalid: ${detail}`);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An item's attribute. Properties that every object inherits (`constructor`) do not count. */
export function attributeOf(item: Item, name: string): AttributeValue | undefined {
  return Object.hasOwn(item, name) ? item[name] : undefined;
}

/** Sets an attribute, even one called `__proto__`. */
export function setAttribute(item: Item, name: string, value: AttributeValue): void {
  if (name === "__proto__") {
    Object.defineProperty(item, name, { value, enumerable: true, configurable: true, writable: true });
  } else item[name] = value;
}

export function typeOf(value: AttributeValue): AttributeType {
  if ("S" in value) return "S";
  if ("N" in value) return "N";
  if ("M" in value) return "M";
  if ("L" in value) return "L";
  if ("B" in value) return "B";
  if ("BOOL" in value) return "BOOL";
  if ("NULL" in value) return "NULL";
  if ("SS" in value) return "SS";
  return "NS" in value ? "NS" : "BS";
}

function serializationError(): AwsError {
  return new AwsError("SerializationException", "Unexpected value type in payload");
}

function parseText(value: unknown): string {
  if (typeof value !== "string") throw serializationError();
  return value;
}

function parseBinary(value: unknown): string {
  const text = parseText(value);
  if (!BASE64.test(text)) throw new AwsError("SerializationException", "Base64 encoded length is expected");
  return text;
}

function parseSet(what: string, value: unknown, parseMember: (member: unknown) => string): string[] {
  if (!Array.isArray(value)) throw serializationError();
  const members = value.map((member) => parseMember(member));
  if (members.length === 0) throw badParameter(`An ${what} set  may not be empty`);
  if (new Set(members).size !== members.length) {
    throw badParameter(`Input collection [${members.join(", ")}] contains duplicates.`);
  }
  return members;
}

function parseNumber(value: unknown): string {
  return normaliseNumber(parseText(value));
}

function parseList(value: unknown, depth: number): AttributeValue[] {
  if (!Array.isArray(value)) throw serializationError();
  return value.map((member) => parseValue(member, depth + 1));
}

function parseTyped(type: string, value: unknown, depth: number): AttributeValue {
  switch (type) {
    case "S":
      return { S: parseText(value) };
    case "N":
      return { N: parseNumber(value) };
    case "B":
      return { B: parseBinary(value) };
    case "BOOL":
      if (typeof value !== "boolean") throw serializationError();
      return { BOOL: value };
    case "NULL":
      if (value !== true) throw badParameter("Null attribute value types must have the value of true");
      return { NULL: true };
    case "SS":
      return { SS: parseSet("string", value, parseText) };
    case "NS":
      return { NS: parseSet("number", value, parseNumber) };
    case "BS":
      return { BS: parseSet("binary", value, parseBinary) };
    case "L":
      return { L: parseList(value, depth) };
    case "M":
      return { M: parseItem(value, depth + 1) };
    default:
      throw validationError(
        "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
      );
  }
}

/** Reads one value from a request, with numbers in normal form. */
export function parseValue(value: unknown, depth = 0): AttributeValue {
  if (!isRecord(value)) throw serializationError();
  if (depth > MAX_DEPTH) {
    throw validationError("Nesting Levels have exceeded supported limits: Attributes are nested too deep");
  }
  const types = Object.keys(value);
  const type = types[0];
  if (type === undefined) {
    throw validationError(
      "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
    );
  }
  if (types.length > 1) {
    throw validationError(
      "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
    );
  }
  return parseTyped(type, value[type], depth);
}

/** Reads an item or a map from a request. */
export function parseItem(value: unknown, depth = 0): Item {
  if (!isRecord(value)) throw serializationError();
  const item: Item = {};
  for (const name of Object.keys(value)) {
    if (name === "") throw badParameter("Attribute name must not be empty");
    setAttribute(item, name, parseValue(value[name], depth));
  }
  return item;
}
