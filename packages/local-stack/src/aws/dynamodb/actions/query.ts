import * as z from "zod";
import { validationError, type AttributeValue } from "../attribute-value.ts";
import { Bindings } from "../expression/bindings.ts";
import { checkCondition, meets } from "../expression/evaluate.ts";
import { readFilter, readKeyConditionText, readProjection } from "../expression/expression-cache.ts";
import { readKeyCondition, type RangeCondition } from "../expression/key-condition.ts";
import type { Condition, Operand } from "../expression/syntax-tree.ts";
import { encodeKeyValue } from "../item-key.ts";
import { projectionOf } from "../projection.ts";
import { prefixEnd, type Bound } from "../row-reader.ts";
import type { Keys } from "../table-definition.ts";
import { parseInput, type Action } from "./action.ts";
import { indexOf, pageFields, readPage, startOf } from "./read-page.ts";

const schema = z.strictObject({
  ...pageFields,
  KeyConditionExpression: z.string(),
  ScanIndexForward: z.boolean().optional(),
});

interface Bounds {
  lower?: Bound;
  upper?: Bound;
}

function bound(value: AttributeValue, inclusive = true): Bound {
  return { value: encodeKeyValue(value), inclusive };
}

function boundsOf(range: RangeCondition | undefined): Bounds {
  if (range === undefined) return {};
  switch (range.kind) {
    case "between":
      return { lower: bound(range.low), upper: bound(range.high) };
    case "begins-with": {
      const lower = bound(range.value);
      const end = prefixEnd(lower.value);
      return end === undefined ? { lower } : { lower, upper: { value: end, inclusive: false } };
    }
    case "=":
      return { lower: bound(range.value), upper: bound(range.value) };
    case "<":
    case "<=":
      return { upper: bound(range.value, range.kind === "<=") };
    default:
      return { lower: bound(range.value, range.kind === ">=") };
  }
}

function operandNames(operand: Operand, bindings: Bindings): string[] {
  return operand.kind === "value" ? [] : [String(bindings.path(operand.path)[0])];
}

function namesIn(condition: Condition, bindings: Bindings): string[] {
  switch (condition.kind) {
    case "and":
    case "or":
      return [...namesIn(condition.left, bindings), ...namesIn(condition.right, bindings)];
    case "not":
      return namesIn(condition.condition, bindings);
    case "compare":
      return [condition.left, condition.right].flatMap((each) => operandNames(each, bindings));
    case "between":
      return [condition.operand, condition.low, condition.high].flatMap((each) =>
        operandNames(each, bindings),
      );
    case "in":
      return [condition.operand, ...condition.candidates].flatMap((each) => operandNames(each, bindings));
    case "exists":
    case "type":
      return [String(bindings.path(condition.path)[0])];
    default:
      return [condition.container, condition.operand].flatMap((each) => operandNames(each, bindings));
  }
}

function checkFilter(filter: Condition, keys: Keys, bindings: Bindings): void {
  checkCondition("FilterExpression", filter, bindings);
  const key = namesIn(filter, bindings).find((name) => name === keys.hash.name || name === keys.range?.name);
  if (key !== undefined) {
    throw validationError(
      `Filter Expression can only contain non-primary key attributes: Primary key attribute: ${key}`,
    );
  }
}

export const query: Action = (store, input) => {
  const request = parseInput(schema, input);
  const table = store.table(request.TableName);
  const index = indexOf(table, request);
  const keys = index?.definition.keys ?? table.definition.keys;
  const keyText = readKeyConditionText(request.KeyConditionExpression);
  if (keyText === undefined) throw validationError("KeyConditionExpression is missing");
  const filter = readFilter(request.FilterExpression);
  const projected = readProjection(request.ProjectionExpression);
  const bindings = new Bindings(request, [keyText, filter, projected]);
  checkCondition("KeyConditionExpression", keyText.tree, bindings);
  if (filter !== undefined) checkFilter(filter.tree, keys, bindings);
  const { hash, range } = readKeyCondition(keyText.tree, bindings, keys.hash, keys.range);
  const rows = (index?.reader ?? table.reader).rows({
    hash: encodeKeyValue(hash),
    ...boundsOf(range),
    after: startOf(table, index, request, false),
    descending: request.ScanIndexForward === false,
  });
  const keeps =
    filter === undefined
      ? () => true
      : (item: Parameters<typeof meets>[1]) => meets(filter.tree, item, bindings);
  return readPage(
    { table, index, input: request, keeps, projection: projectionOf(projected, bindings) },
    rows,
  );
};
