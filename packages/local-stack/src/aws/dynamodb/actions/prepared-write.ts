import * as z from "zod";
import { parseItem, validationError, type Item } from "../attribute-value.ts";
import type { Consumed } from "../capacity.ts";
import { applyUpdate, checkUpdate, updatedPaths } from "../expression/apply-update.ts";
import { bindingFields, Bindings, type BindingInput, type ResolvedPath } from "../expression/bindings.ts";
import { checkCondition, meets } from "../expression/evaluate.ts";
import { readCondition, readUpdate } from "../expression/expression-cache.ts";
import type { Parsed } from "../expression/parse-condition.ts";
import type { Condition } from "../expression/syntax-tree.ts";
import { parseKey, type ItemKey } from "../item-key.ts";
import type { Row } from "../row-reader.ts";
import type { Table } from "../table.ts";
import { keyAttributes } from "../table-definition.ts";
import type { TableStore } from "../table-store.ts";
import { attributes, failureMode, tableName } from "./action.ts";

const conditionFields = {
  ...bindingFields,
  TableName: tableName,
  ConditionExpression: z.string().optional(),
  ReturnValuesOnConditionCheckFailure: failureMode,
};
export const putFields = { ...conditionFields, Item: attributes };
export const deleteFields = { ...conditionFields, Key: attributes };
export const updateFields = { ...conditionFields, Key: attributes, UpdateExpression: z.string().optional() };

interface ConditionInput extends BindingInput {
  TableName: string;
  ConditionExpression?: string | undefined;
  ReturnValuesOnConditionCheckFailure?: "ALL_OLD" | "NONE" | undefined;
}

/** A write whose input was checked. Its result depends only on the existing item. */
export interface PreparedWrite {
  table: Table;
  key: ItemKey;
  allows: (before: Item) => boolean;
  /** Returns the item after the write; undefined deletes it. `null` changes nothing, for a condition check. */
  change: ((before: Item | undefined) => Item | undefined) | null;
  /** Paths that an update names. */
  paths: readonly ResolvedPath[];
  showsFailed: boolean;
}

function conditionOf(
  condition: Parsed<Condition> | undefined,
  bindings: Bindings,
): (before: Item) => boolean {
  if (condition === undefined) return () => true;
  checkCondition(condition.kind, condition.tree, bindings);
  return (before) => meets(condition.tree, before, bindings);
}

function simpleWrite(
  input: ConditionInput,
  table: Table,
  key: ItemKey,
  change: PreparedWrite["change"],
): PreparedWrite {
  const condition = readCondition(input.ConditionExpression);
  const bindings = new Bindings(input, [condition]);
  return {
    table,
    key,
    allows: conditionOf(condition, bindings),
    change,
    paths: [],
    showsFailed: input.ReturnValuesOnConditionCheckFailure === "ALL_OLD",
  };
}

export function preparePut(store: TableStore, input: ConditionInput & { Item: unknown }): PreparedWrite {
  const table = store.table(input.TableName);
  const item = parseItem(input.Item);
  return simpleWrite(input, table, table.keyOf(item), () => item);
}

export function prepareDelete(store: TableStore, input: ConditionInput & { Key: unknown }): PreparedWrite {
  const table = store.table(input.TableName);
  return simpleWrite(input, table, parseKey(table.definition.keys, input.Key).key, () => undefined);
}

export function prepareCheck(store: TableStore, input: ConditionInput & { Key: unknown }): PreparedWrite {
  const table = store.table(input.TableName);
  return simpleWrite(input, table, parseKey(table.definition.keys, input.Key).key, null);
}

function checkKeysUntouched(table: Table, paths: readonly ResolvedPath[]): void {
  const keys = new Set(keyAttributes(table.definition.keys).map(({ name }) => name));
  const touched = paths.find((path) => keys.has(String(path[0])));
  if (touched !== undefined) {
    throw validationError(
      `One or more parameter values were invalid: Cannot update attribute ${touched[0]}. This attribute is part of the key`,
    );
  }
}

export function prepareUpdate(
  store: TableStore,
  input: ConditionInput & { Key: unknown; UpdateExpression?: string | undefined },
): PreparedWrite {
  const table = store.table(input.TableName);
  const { key, attributes: keyItem } = parseKey(table.definition.keys, input.Key);
  const condition = readCondition(input.ConditionExpression);
  const update = readUpdate(input.UpdateExpression);
  const bindings = new Bindings(input, [update, condition]);
  const paths = update === undefined ? [] : updatedPaths(update.tree, bindings);
  if (update !== undefined) checkUpdate(update.tree, bindings);
  checkKeysUntouched(table, paths);
  return {
    table,
    key,
    allows: conditionOf(condition, bindings),
    change: (before) => {
      const start = before ?? keyItem;
      return update === undefined ? start : applyUpdate(start, update.tree, bindings);
    },
    paths,
    showsFailed: input.ReturnValuesOnConditionCheckFailure === "ALL_OLD",
  };
}

/** The result of a write. */
export interface Written {
  before: Row | undefined;
  after: Item | undefined;
  consumed: Consumed;
}

/** Writes an item whose condition was met. Must run inside a transaction. */
export function carryOut(write: PreparedWrite, before: Row | undefined): Written {
  const after = write.change === null ? before?.item : write.change(before?.item);
  return { before, after, consumed: write.table.write({ key: write.key, before, after }) };
}
