import * as z from "zod";
import { validationError, type Item } from "../attribute-value.ts";
import { Bindings } from "../expression/bindings.ts";
import { checkCondition, meets } from "../expression/evaluate.ts";
import { readFilter, readProjection } from "../expression/expression-cache.ts";
import { encodeKeyValue } from "../item-key.ts";
import { projectionOf } from "../projection.ts";
import type { Row } from "../row-reader.ts";
import type { Keys } from "../table-definition.ts";
import { parseInput, type Action } from "./action.ts";
import { indexOf, pageFields, readPage, startOf } from "./read-page.ts";

const schema = z.strictObject({
  ...pageFields,
  Segment: z.int().min(0).optional(),
  TotalSegments: z.int().min(1).max(1_000_000).optional(),
});

/** FNV-1a: spreads partition keys over the segments of a parallel scan. */
function spread(bytes: Uint8Array): number {
  return bytes.reduce((hash, byte) => Math.imul(hash ^ byte, 16_777_619) >>> 0, 2_166_136_261);
}

function* ofSegment(rows: Iterable<Row>, keys: Keys, segment: number, segments: number): Generator<Row> {
  for (const row of rows) {
    const hash = row.item[keys.hash.name];
    if (hash !== undefined && spread(encodeKeyValue(hash)) % segments === segment) yield row;
  }
}

export const scan: Action = (store, input) => {
  const request = parseInput(schema, input);
  const table = store.table(request.TableName);
  const index = indexOf(table, request);
  const filter = readFilter(request.FilterExpression);
  const projected = readProjection(request.ProjectionExpression);
  const bindings = new Bindings(request, [filter, projected]);
  if (filter !== undefined) checkCondition("FilterExpression", filter.tree, bindings);
  const { Segment: segment, TotalSegments: segments } = request;
  if ((segment === undefined) !== (segments === undefined) || Number(segment) >= Number(segments)) {
    throw validationError(
      "The Segment parameter is required together with TotalSegments and must be below it",
    );
  }
  const all = (index?.reader ?? table.reader).rows({
    after: startOf(table, index, request, true),
    descending: false,
  });
  const keys = index?.definition.keys ?? table.definition.keys;
  const rows =
    segment === undefined || segments === undefined ? all : ofSegment(all, keys, segment, segments);
  const keeps = (item: Item): boolean => filter === undefined || meets(filter.tree, item, bindings);
  return readPage(
    { table, index, input: request, keeps, projection: projectionOf(projected, bindings) },
    rows,
  );
};
