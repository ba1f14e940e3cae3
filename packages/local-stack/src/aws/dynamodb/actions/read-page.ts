import * as z from "zod";
import { itemSize } from "../attribute-order.ts";
import { parseItem, typeOf, validationError, type Item } from "../attribute-value.ts";
import { consumedCapacity, readUnits, type CapacityMode } from "../capacity.ts";
import { bindingFields } from "../expression/bindings.ts";
import type { IndexStore } from "../index-store.ts";
import { indexKeyOf, keyOfItem, pickKey } from "../item-key.ts";
import type { Projection } from "../projection.ts";
import { orderingOf, type Row } from "../row-reader.ts";
import type { Table } from "../table.ts";
import { keyAttributes } from "../table-definition.ts";
import { attributes, capacityMode, tableName } from "./action.ts";

/** API reference: a single Query or Scan reads at most 1 MB. */
const MAX_PAGE_BYTES = 1024 * 1024;

/** Parameters that Query and Scan have in common. */
export const pageFields = {
  ...bindingFields,
  TableName: tableName,
  IndexName: z.string().optional(),
  FilterExpression: z.string().optional(),
  ProjectionExpression: z.string().optional(),
  ExclusiveStartKey: attributes.optional(),
  Limit: z.int().min(1).optional(),
  ConsistentRead: z.boolean().optional(),
  ReturnConsumedCapacity: capacityMode,
  Select: z.enum(["ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "COUNT"]).optional(),
};
const pageSchema = z.object(pageFields);
export type PageInput = z.infer<typeof pageSchema>;

/** The index that a call names, or null for the table itself. */
export function indexOf(table: Table, input: PageInput): IndexStore | null {
  if (input.IndexName === undefined) return null;
  const index = table.indexes.get(input.IndexName);
  if (index === undefined) {
    throw validationError(`The table does not have the specified index: ${input.IndexName}`);
  }
  if (input.ConsistentRead === true) {
    throw validationError("Consistent reads are not supported on global secondary indexes");
  }
  return index;
}

/** The ordering columns of `ExclusiveStartKey`, or undefined without one. */
export function startOf(
  table: Table,
  index: IndexStore | null,
  input: PageInput,
  withHash: boolean,
): Buffer[] | undefined {
  if (input.ExclusiveStartKey === undefined) return undefined;
  const start = parseItem(input.ExclusiveStartKey);
  const wanted = [
    ...keyAttributes(table.definition.keys),
    ...(index === null ? [] : keyAttributes(index.definition.keys)),
  ];
  const names = new Set(wanted.map(({ name }) => name));
  const fits = wanted.every(({ name, type }) => {
    const value = start[name];
    return value !== undefined && typeOf(value) === type;
  });
  if (!fits || Object.keys(start).length !== names.size) {
    throw validationError(
      "The provided starting key is invalid: The provided key element does not match the schema",
    );
  }
  const tableKey = keyOfItem(table.definition.keys, start);
  const indexKey = index && indexKeyOf(index.definition.keys, index.definition.name, start);
  return orderingOf(indexKey ? [indexKey, tableKey] : [tableKey], withHash);
}

export interface PagePlan {
  table: Table;
  index: IndexStore | null;
  input: PageInput;
  keeps: (item: Item) => boolean;
  projection: Projection | undefined;
}

function lastKey({ table, index }: PagePlan, item: Item): Item {
  const key = pickKey(table.definition.keys, item);
  return index === null ? key : { ...key, ...pickKey(index.definition.keys, item) };
}

function capacityOf({ table, index, input }: PagePlan, bytes: number): Record<string, unknown> | undefined {
  const units = readUnits(bytes, input.ConsistentRead === true);
  const mode: CapacityMode = input.ReturnConsumedCapacity;
  return index === null
    ? consumedCapacity(mode, table.definition.name, { table: units, indexes: new Map() })
    : consumedCapacity(mode, table.definition.name, {
        table: 0,
        indexes: new Map([[index.definition.name, units]]),
      });
}

/** Reads rows until the limit, the end or 1 MB. As in DynamoDB, the filter is applied after the limit. */
export function readPage(plan: PagePlan, rows: Iterable<Row>): Record<string, unknown> {
  const { index, input, keeps, projection } = plan;
  const items: Item[] = [];
  let scanned = 0;
  let bytes = 0;
  let last: Item | undefined;
  for (const row of rows) {
    const visible = index === null ? row.item : index.project(row.item);
    scanned += 1;
    bytes += index === null ? row.size : itemSize(visible);
    if (keeps(visible)) items.push(projection === undefined ? visible : projection(visible));
    if (scanned === input.Limit || bytes >= MAX_PAGE_BYTES) {
      last = lastKey(plan, row.item);
      break;
    }
  }
  const capacity = capacityOf(plan, bytes);
  return {
    ...(input.Select === "COUNT" ? {} : { Items: items }),
    Count: items.length,
    ScannedCount: scanned,
    ...(last === undefined ? {} : { LastEvaluatedKey: last }),
    ...(capacity === undefined ? {} : { ConsumedCapacity: capacity }),
  };
}
