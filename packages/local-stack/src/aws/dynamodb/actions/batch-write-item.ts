import * as z from "zod";
import { validationError } from "../attribute-value.ts";
import { CapacityMeter } from "../capacity.ts";
import { keyText } from "../item-key.ts";
import type { TableStore } from "../table-store.ts";
import { attributes, capacityMode, parseInput, type Action } from "./action.ts";
import { carryOut, prepareDelete, preparePut, type PreparedWrite } from "./prepared-write.ts";

/** API reference: at most 25 put or delete operations and 16 MB per call. */
const MAX_WRITES = 25;

const requestSchema = z.strictObject({
  PutRequest: z.strictObject({ Item: attributes }).optional(),
  DeleteRequest: z.strictObject({ Key: attributes }).optional(),
});
const schema = z.strictObject({
  RequestItems: z.record(z.string(), z.array(requestSchema).min(1)),
  ReturnConsumedCapacity: capacityMode,
  ReturnItemCollectionMetrics: z.enum(["SIZE", "NONE"]).optional(),
});

function prepare(store: TableStore, name: string, request: z.infer<typeof requestSchema>): PreparedWrite {
  const { PutRequest: put, DeleteRequest: remove } = request;
  if (put !== undefined && remove === undefined) return preparePut(store, { TableName: name, ...put });
  if (remove !== undefined && put === undefined) return prepareDelete(store, { TableName: name, ...remove });
  throw validationError("Supplied AttributeValue has more than one datatypes set, must contain exactly one");
}

function checkCount(count: number): void {
  if (count >= 1 && count <= MAX_WRITES) return;
  throw validationError(
    `1 validation error detected: Value at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to ${MAX_WRITES}, Member must have length greater than or equal to 1]`,
  );
}

export const batchWriteItem: Action = (store, input) => {
  const request = parseInput(schema, input);
  const entries = Object.entries(request.RequestItems);
  checkCount(entries.reduce((total, [, requests]) => total + requests.length, 0));
  const writes = entries.flatMap(([name, requests]) => requests.map((each) => prepare(store, name, each)));
  const targets = new Set(writes.map(({ table, key }) => `${table.id} ${keyText(key)}`));
  if (targets.size !== writes.length) {
    throw validationError("Provided list of item keys contains duplicates");
  }
  const meter = new CapacityMeter();
  store.transaction(() => {
    for (const write of writes) {
      const { consumed } = carryOut(write, write.table.get(write.key));
      meter.add(write.table.definition.name, consumed);
    }
  });
  return { UnprocessedItems: {}, ...meter.answer(request.ReturnConsumedCapacity) };
};
