import * as z from "zod";
import { validationError } from "../attribute-value.ts";
import { CapacityMeter, readUnits } from "../capacity.ts";
import { bindingFields } from "../expression/bindings.ts";
import { keyText, parseKey } from "../item-key.ts";
import { readProjected } from "../projection.ts";
import { attributes, capacityMode, parseInput, tableName, type Action } from "./action.ts";

/** Transactional reads cost two units for each 4 kB. */
const TRANSACTION_FACTOR = 2;

const schema = z.strictObject({
  TransactItems: z
    .array(
      z.strictObject({
        Get: z.strictObject({
          TableName: tableName,
          Key: attributes,
          ProjectionExpression: z.string().optional(),
          ExpressionAttributeNames: bindingFields.ExpressionAttributeNames,
        }),
      }),
    )
    .min(1)
    .max(100),
  ReturnConsumedCapacity: capacityMode,
});

export const transactGetItems: Action = (store, input) => {
  const request = parseInput(schema, input);
  const reads = request.TransactItems.map(({ Get: get }) => {
    const table = store.table(get.TableName);
    return { table, key: parseKey(table.definition.keys, get.Key).key, projected: readProjected(get) };
  });
  if (new Set(reads.map(({ table, key }) => `${table.id} ${keyText(key)}`)).size !== reads.length) {
    throw validationError("Transaction request cannot include multiple operations on one item");
  }
  const meter = new CapacityMeter();
  const responses = reads.map(({ table, key, projected }) => {
    const row = table.get(key);
    const consumed = { table: readUnits(row?.size ?? 0, true), indexes: new Map<string, number>() };
    meter.add(table.definition.name, consumed, TRANSACTION_FACTOR);
    return row === undefined ? {} : { Item: projected(row.item) };
  });
  return { Responses: responses, ...meter.answer(request.ReturnConsumedCapacity) };
};
