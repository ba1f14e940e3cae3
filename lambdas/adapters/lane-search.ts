import { type DynamoDBClient, QueryCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import * as z from "zod/mini";
import { type Lane, laneSchema, type Ring } from "../core/lane.ts";
import { DUE_SHARD, REGISTRY, registryItem } from "../core/table-schema.ts";
import { type Attributes, fromAttributes, toAttributes } from "./dynamo.ts";

/** Finds lanes whose next attempt has come. */
export interface DueLanes {
  /** Those due at `now` (a timestamp), the longest waiting first. The index follows the table within a second or so. */
  dueLanes(now: string): AsyncIterable<Ring[]>;
}

const dueSchema = z.object({ workspace: z.string(), item: z.string() });
const LANE_ITEM = /^lane#([^#]+)#([^#]+)$/;

export function createDueLanes(client: DynamoDBClient, table: string): DueLanes {
  return {
    async *dueLanes(now) {
      let start: Attributes | undefined;
      do {
        const { Items = [], LastEvaluatedKey } = await client.send(
          new QueryCommand({
            TableName: table,
            IndexName: REGISTRY.due.index,
            KeyConditionExpression: "#shard = :shard AND #at <= :now",
            ExpressionAttributeNames: { "#shard": REGISTRY.due.shard, "#at": REGISTRY.due.at },
            ExpressionAttributeValues: toAttributes({ ":shard": DUE_SHARD, ":now": now }),
            ...(start !== undefined && { ExclusiveStartKey: start }),
          }),
        );
        yield Items.flatMap((item) => ringOfKey(fromAttributes(item, dueSchema, table)));
        start = LastEvaluatedKey;
      } while (start !== undefined);
    },
  };
}

function ringOfKey({ workspace, item }: z.infer<typeof dueSchema>): Ring[] {
  const [, destination, lane] = LANE_ITEM.exec(item) ?? [];
  return destination === undefined || lane === undefined ? [] : [{ workspace, destination, lane }];
}

/** Finds every lane that delivers. */
export interface LaneScan {
  liveLanes(): AsyncIterable<Lane[]>;
}

export function createLaneScan(client: DynamoDBClient, table: string): LaneScan {
  return {
    async *liveLanes() {
      let start: Attributes | undefined;
      do {
        const { Items = [], LastEvaluatedKey } = await client.send(
          new ScanCommand({
            TableName: table,
            FilterExpression: "begins_with(#item, :lanes) AND #status = :live",
            ExpressionAttributeNames: { "#item": REGISTRY.item, "#status": "status" },
            ExpressionAttributeValues: toAttributes({ ":lanes": registryItem.lanes, ":live": "live" }),
            ...(start !== undefined && { ExclusiveStartKey: start }),
          }),
        );
        yield Items.map((item) => fromAttributes(item, laneSchema, table));
        start = LastEvaluatedKey;
      } while (start !== undefined);
    },
  };
}
