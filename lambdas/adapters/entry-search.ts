import { type AttributeValue, type DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";
import { EVENTS, eventsPartition } from "../core/base/table-schema.ts";
import { toAttributes } from "./dynamo.ts";

/**
 * Whether any entry of the workspace that was recorded before `time` (a timestamp) is stored. A very busy workspace
 * also has a shard 1.
 */
export async function isAnyStoredBefore(
  client: DynamoDBClient,
  table: string,
  workspace: string,
  time: string,
): Promise<boolean> {
  for (const shard of [0, 1]) {
    let start: Record<string, AttributeValue> | undefined;
    do {
      const { Count, LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: "#partition = :partition",
          FilterExpression: "#recordedAt < :time",
          Select: "COUNT",
          ExpressionAttributeNames: { "#partition": EVENTS.partition, "#recordedAt": "recordedAt" },
          ExpressionAttributeValues: toAttributes({
            ":partition": eventsPartition(workspace, shard),
            ":time": time,
          }),
          ConsistentRead: true,
          ...(start !== undefined && { ExclusiveStartKey: start }),
        }),
      );
      if ((Count ?? 0) > 0) return true;
      start = LastEvaluatedKey;
    } while (start !== undefined);
  }
  return false;
}
