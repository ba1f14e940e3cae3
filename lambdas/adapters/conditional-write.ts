import {
  type DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { isConditionFailure, toAttributes } from "./dynamo.ts";

export interface Condition {
  condition: string;
  names?: Record<string, string>;
  values?: Readonly<Record<string, unknown>>;
}

/** Puts a row; `false` when the condition did not hold: somebody else was first. */
export function putIf(
  client: DynamoDBClient,
  table: string,
  row: object,
  { condition, names, values }: Condition,
): Promise<boolean> {
  const command = new PutItemCommand({
    TableName: table,
    Item: toAttributes(row),
    ConditionExpression: condition,
    ...(names !== undefined && { ExpressionAttributeNames: names }),
    ...(values !== undefined && { ExpressionAttributeValues: toAttributes(values) }),
  });
  return unlessRefused(client.send(command));
}

/** Updates an item; `false` when the condition did not hold. */
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
  return unlessRefused(client.send(new UpdateItemCommand(input)));
}

async function unlessRefused(written: Promise<unknown>): Promise<boolean> {
  try {
    await written;
    return true;
  } catch (error) {
    if (isConditionFailure(error)) return false;
    throw error;
  }
}
