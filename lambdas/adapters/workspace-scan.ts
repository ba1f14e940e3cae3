import { type AttributeValue, type DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { REGISTRY, registryItem } from "../core/base/table-schema.ts";
import { toAttributes } from "./dynamo.ts";

/**
 * Finds every workspace, a page of ids at a time. Eventually consistent: a workspace that is minutes old has nothing to
 * purge.
 */
export interface WorkspaceScan {
  all(): AsyncGenerator<string[]>;
}

export function createWorkspaceScan(client: DynamoDBClient, registryTable: string): WorkspaceScan {
  return {
    async *all() {
      let start: Record<string, AttributeValue> | undefined;
      do {
        const { Items, LastEvaluatedKey } = await client.send(
          new ScanCommand({
            TableName: registryTable,
            FilterExpression: "#item = :workspace",
            ProjectionExpression: "#workspace",
            ExpressionAttributeNames: { "#item": REGISTRY.item, "#workspace": REGISTRY.workspace },
            ExpressionAttributeValues: toAttributes({ ":workspace": registryItem.workspace }),
            ...(start !== undefined && { ExclusiveStartKey: start }),
          }),
        );
        yield (Items ?? []).flatMap((item) => item[REGISTRY.workspace]?.S ?? []);
        start = LastEvaluatedKey;
      } while (start !== undefined);
    },
  };
}
