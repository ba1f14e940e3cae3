import {
  attributeOf,
  parseItem,
  setAttribute,
  typeOf,
  validationError,
  type AttributeValue,
  type Item,
} from "./attribute-value.ts";
import { encodeNumber } from "./decimal.ts";
import { keyAttributes, type KeyAttribute, type Keys } from "./table-definition.ts";

/** A key encoded in bytes that sort as in DynamoDB. `range` is empty if the table has no sort key. */
export interface ItemKey {
  hash: Buffer;
  range: Buffer;
}

/** Developer Guide, "Quotas": at most 2,048 bytes for partition keys and 1,024 for sort keys. */
const MAX_HASH_BYTES = 2048;
const MAX_RANGE_BYTES = 1024;
const EMPTY = Buffer.alloc(0);

/** Encodes the value of a key attribute. */
export function encodeKeyValue(value: AttributeValue): Buffer {
  if ("S" in value) return Buffer.from(value.S);
  if ("N" in value) return encodeNumber(value.N);
  if ("B" in value) return Buffer.from(value.B, "base64");
  throw new Error(`a key cannot be a ${typeOf(value)}`);
}

function checkKeyValue(key: KeyAttribute, value: AttributeValue | undefined): AttributeValue {
  if (value === undefined) {
    throw validationError(
      `One or more parameter values were invalid: Missing the key ${key.name} in the item`,
    );
  }
  if (typeOf(value) !== key.type) {
    throw validationError(
      `One or more parameter values were invalid: Type mismatch for key ${key.name} expected: ${key.type} actual: ${typeOf(value)}`,
    );
  }
  checkNotEmpty(key, value);
  return value;
}

function checkNotEmpty(key: KeyAttribute, value: AttributeValue): void {
  const kind = "S" in value ? "string" : "binary";
  const text = "S" in value ? value.S : "B" in value ? value.B : undefined;
  if (text === "") {
    throw validationError(
      `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ${kind} value. Key: ${key.name}`,
    );
  }
}

function keyOf(keys: Keys, hash: AttributeValue, range: AttributeValue | undefined): ItemKey {
  const key = {
    hash: encodeKeyValue(hash),
    range: keys.range === undefined || range === undefined ? EMPTY : encodeKeyValue(range),
  };
  if (key.hash.length > MAX_HASH_BYTES) {
    throw validationError(
      `One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of${MAX_HASH_BYTES} bytes`,
    );
  }
  if (key.range.length > MAX_RANGE_BYTES) {
    throw validationError(
      `One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of ${MAX_RANGE_BYTES} bytes`,
    );
  }
  return key;
}

/** The key of an item. Throws a ValidationException if the item lacks a key attribute. */
export function keyOfItem(keys: Keys, item: Item): ItemKey {
  const hash = checkKeyValue(keys.hash, attributeOf(item, keys.hash.name));
  const range = keys.range && checkKeyValue(keys.range, attributeOf(item, keys.range.name));
  return keyOf(keys, hash, range);
}

/** Reads a `Key` parameter, which must have exactly the key attributes. */
export function parseKey(keys: Keys, input: unknown): { key: ItemKey; attributes: Item } {
  const attributes = parseItem(input);
  const wanted = keyAttributes(keys);
  const fits = wanted.every(({ name, type }) => {
    const value = attributeOf(attributes, name);
    return value !== undefined && typeOf(value) === type;
  });
  if (!fits || Object.keys(attributes).length !== wanted.length) {
    throw validationError("The provided key element does not match the schema");
  }
  return { key: keyOfItem(keys, attributes), attributes };
}

/** The key attributes of an item. */
export function pickKey(keys: Keys, item: Item): Item {
  const picked: Item = {};
  for (const { name } of keyAttributes(keys)) {
    const value = attributeOf(item, name);
    if (value !== undefined) setAttribute(picked, name, value);
  }
  return picked;
}

/**
 * The key of an item in an index; undefined if the index does not contain the item. Throws if a key attribute has the
 * wrong type.
 */
export function indexKeyOf(keys: Keys, indexName: string, item: Item): ItemKey | undefined {
  for (const key of keyAttributes(keys)) {
    const value = attributeOf(item, key.name);
    if (value === undefined) return undefined;
    if (typeOf(value) !== key.type) {
      throw validationError(
        `One or more parameter values were invalid: Type mismatch for Index Key ${key.name} Expected: ${key.type} Actual: ${typeOf(value)} IndexName: ${indexName}`,
      );
    }
    const text = "S" in value ? value.S : "B" in value ? value.B : undefined;
    if (text === "") {
      throw validationError(
        `One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: ${indexName}, IndexKey: ${key.name}`,
      );
    }
  }
  return keyOfItem(keys, item);
}

/** Whether two keys are the same. */
export function sameKey(left: ItemKey | undefined, right: ItemKey | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return left.hash.equals(right.hash) && left.range.equals(right.range);
}

/** A key as text, for sets and maps. */
export function keyText(key: ItemKey): string {
  return `${key.hash.toString("base64")} ${key.range.toString("base64")}`;
}
