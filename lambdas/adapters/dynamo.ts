import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
} from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { TrailcastError } from "../core/base/trailcast-error.ts";

export type Attributes = Record<string, AttributeValue>;

/** The schema of a row: any schema of zod. */
export interface RowSchema<Row> {
  safeParse(value: unknown): { success: true; data: Row } | { success: false };
}

/**
 * Thrown for a row that does not fit its schema: somebody else changed it, or a newer version wrote it. Retrying does
 * not help.
 */
export class RowShapeError extends TrailcastError {
  override name = "RowShapeError";
  constructor(table: string) {
    super(`A row of table ${table} does not have the shape of its schema`);
  }
}

export function toAttributes(row: object): Attributes {
  return marshall(row, { removeUndefinedValues: true });
}

export function fromAttributes<Row>(item: Attributes, schema: RowSchema<Row>, table: string): Row {
  const parsed = schema.safeParse(unmarshall(item));
  if (!parsed.success) throw new RowShapeError(table);
  return parsed.data;
}

export function isConditionFailure(error: unknown): error is ConditionalCheckFailedException {
  return error instanceof ConditionalCheckFailedException;
}

/** Reads one item, strongly consistent. */
export async function getRow<Row>(
  client: DynamoDBClient,
  table: string,
  key: Readonly<Record<string, string | number>>,
  schema: RowSchema<Row>,
): Promise<Row | undefined> {
  const { Item } = await client.send(
    new GetItemCommand({ TableName: table, Key: toAttributes(key), ConsistentRead: true }),
  );
  return Item === undefined ? undefined : fromAttributes(Item, schema, table);
}

export type RowQuery = Pick<
  QueryCommandInput,
  | "KeyConditionExpression"
  | "FilterExpression"
  | "ProjectionExpression"
  | "ExpressionAttributeNames"
  | "ScanIndexForward"
  | "Limit"
> & { values: Readonly<Record<string, unknown>>; start?: Attributes | undefined };

/** Reads one page of a query, strongly consistent; `next` starts the following page. */
export async function queryRows<Row>(
  client: DynamoDBClient,
  table: string,
  query: RowQuery,
  schema: RowSchema<Row>,
): Promise<{ rows: Row[]; next: Attributes | undefined }> {
  const { values, start, ...input } = query;
  const { Items, LastEvaluatedKey } = await client.send(
    new QueryCommand({
      TableName: table,
      ConsistentRead: true,
      ...input,
      ExpressionAttributeValues: toAttributes(values),
      ...(start !== undefined && { ExclusiveStartKey: start }),
    }),
  );
  return { rows: (Items ?? []).map((item) => fromAttributes(item, schema, table)), next: LastEvaluatedKey };
}

/** Reads all rows of a query. Only for queries that are known to return few rows. */
export async function queryAllRows<Row>(
  client: DynamoDBClient,
  table: string,
  query: RowQuery,
  schema: RowSchema<Row>,
): Promise<Row[]> {
  const all: Row[] = [];
  let start: Attributes | undefined;
  do {
    const { rows, next } = await queryRows(client, table, { ...query, start }, schema);
    all.push(...rows);
    start = next;
  } while (start !== undefined);
  return all;
}
