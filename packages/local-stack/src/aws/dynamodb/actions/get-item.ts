import * as z from "zod";
import { consumedCapacity, readUnits } from "../capacity.ts";
import { readProjected } from "../projection.ts";
import { bindingFields } from "../expression/bindings.ts";
import { parseKey } from "../item-key.ts";
import { attributes, capacityMode, parseInput, tableName, type Action } from "./action.ts";

const schema = z.strictObject({
  TableName: tableName,
  Key: attributes,
  ConsistentRead: z.boolean().optional(),
  ProjectionExpression: z.string().optional(),
  ExpressionAttributeNames: bindingFields.ExpressionAttributeNames,
  ReturnConsumedCapacity: capacityMode,
});

export const getItem: Action = (store, input) => {
  const request = parseInput(schema, input);
  const table = store.table(request.TableName);
  const { key } = parseKey(table.definition.keys, request.Key);
  const projected = readProjected(request);
  const row = table.get(key);
  const units = readUnits(row?.size ?? 0, request.ConsistentRead === true);
  const capacity = consumedCapacity(request.ReturnConsumedCapacity, table.definition.name, {
    table: units,
    indexes: new Map(),
  });
  return {
    ...(row === undefined ? {} : { Item: projected(row.item) }),
    ...(capacity === undefined ? {} : { ConsumedCapacity: capacity }),
  };
};
