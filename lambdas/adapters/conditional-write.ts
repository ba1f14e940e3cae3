import {
  type DynamoDBClient,
  PutItemCommand,
  TransactionConflictException,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { setTimeout } from "node:timers/promises";
import { isConditionFailure, toAttributes } from "./dynamo.ts";

export interface Condition {
  condition: string;
  names?: Record<string, string>;
  values?: Readonly<Record<string, unknown>>;
}

/**
 * Puts a row; `false` if the condition does not hold because another writer was first. Retries briefly while a
 * transaction holds the row.
 */
export function putIf(
  client: DynamoDBClient,
  table: string,
  row: object,
  { condition, names, values }: Condition,
): Promise<boolean> {
  const input = {
    TableName: table,
    Item: toAttributes(row),
    ConditionExpression: condition,
    ...(names !== undefined && { ExpressionAttributeNames: names }),
    ...(values !== undefined && { ExpressionAttributeValues: toAttributes(values) }),
  };
  return unlessRefused(() => client.send(new PutItemCommand(input)));
}

/** Updates an item; `false` if the condition does not hold. Retries briefly while a transaction holds the item. */
export function updateIf(
  client: DynamoDBClient,
  table: string,
  key: Readonly<Record<string, string | number>>,
  update: string,
  { condition, names, values }: Condition,
): Promise<boolean> {
  const input: UpdateItemCommandInput = {
    TableName: table,
    Key: toAttributes(key),
    UpdateExpression: update,
    ConditionExpression: condition,
    ...(names !== undefined && { ExpressionAttributeNames: names }),
    ...(values !== undefined && { ExpressionAttributeValues: toAttributes(values) }),
  };
  return unlessRefused(() => client.send(new UpdateItemCommand(input)));
}

/** True if a transaction still held the row at the last try. How that transaction ends is not known yet. */
export function isTransactionConflict(error: unknown): error is TransactionConflictException {
  return error instanceof TransactionConflictException;
}

/**
 * Milliseconds between tries. A transaction takes a few tens of milliseconds, and the SDK does not retry a conflict.
 */
const PAUSES_MS: readonly number[] = [20, 50, 100];

async function unlessRefused(write: () => Promise<unknown>): Promise<boolean> {
  for (let tries = 0; ; tries++) {
    try {
      await write();
      return true;
    } catch (error) {
      if (isConditionFailure(error)) return false;
      const pause = PAUSES_MS[tries];
      if (pause === undefined || !isTransactionConflict(error)) throw error;
      await setTimeout(pause);
    }
  }
}
