import * as z from "zod";
import { validationError, type Item } from "../attribute-value.ts";
import { CapacityMeter, readUnits } from "../capacity.ts";
import { bindingFields } from "../expression/bindings.ts";
import { keyText, parseKey, type ItemKey } from "../item-key.ts";
import { readProjected } from "../projection.ts";
import type { TableStore } from "../table-store.ts";
import { attributes, capacityMode, parseInput, type Action } from "./action.ts";

/** API reference: at most 100 items and 16 MB per call. */
const MAX_KEYS = 100;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

const requestSchema = z.strictObject({
  Keys: z.array(attributes).min(1),
  ConsistentRead: z.boolean().optional(),
  ProjectionExpression: z.string().optional(),
  ExpressionAttributeNames: bindingFields.ExpressionAttributeNames,
});
const schema = z.strictObject({
  RequestItems: z.record(z.string(), requestSchema),
  ReturnConsumedCapacity: capacityMode,
});
type TableRequest = z.infer<typeof requestSchema>;

function parseKeys(store: TableStore, name: string, request: TableRequest): ItemKey[] {
  const table = store.table(name);
  const keys = request.Keys.map((key) => parseKey(table.definition.keys, key).key);
  if (new Set(keys.map(keyText)).size !== keys.length) {
    throw validationError("Provided list of item keys contains duplicates");
  }
  return keys;
}

interface Budget {
  bytes: number;
}

function readTable(
  store: TableStore,
  [name, request]: readonly [string, TableRequest],
  budget: Budget,
  meter: CapacityMeter,
): { items: Item[]; unprocessed: TableRequest | undefined } {
  const table = store.table(name);
  const projected = readProjected(request);
  const items: Item[] = [];
  const consistent = request.ConsistentRead === true;
  for (const [position, key] of parseKeys(store, name, request).entries()) {
    const row = table.get(key);
    budget.bytes += row?.size ?? 0;
    if (budget.bytes > MAX_ANSWER_BYTES) {
      return { items, unprocessed: { ...request, Keys: request.Keys.slice(position) } };
    }
    meter.add(name, { table: readUnits(row?.size ?? 0, consistent), indexes: new Map() });
    if (row !== undefined) items.push(projected(row.item));
  }
  return { items, unprocessed: undefined };
}

export const batchGetItem: Action = (store, input) => {
  const request = parseInput(schema, input);
  const tables = Object.entries(request.RequestItems);
  const keys = tables.reduce((total, [, each]) => total + each.Keys.length, 0);
  if (tables.length === 0) {
    throw validationError(
      "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: Member must have length greater than or equal to 1",
    );
  }
  if (keys > MAX_KEYS) throw validationError("Too many items requested for the BatchGetItem call");
  for (const [name, each] of tables) parseKeys(store, name, each);
  const meter = new CapacityMeter();
  const budget: Budget = { bytes: 0 };
  const responses: Record<string, Item[]> = {};
  const unprocessed: Record<string, TableRequest> = {};
  for (const entry of tables) {
    const result = readTable(store, entry, budget, meter);
    responses[entry[0]] = result.items;
    if (result.unprocessed !== undefined) unprocessed[entry[0]] = result.unprocessed;
  }
  return {
    Responses: responses,
    UnprocessedKeys: unprocessed,
    ...meter.answer(request.ReturnConsumedCapacity),
  };
};
