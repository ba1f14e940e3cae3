import { type DynamoDBClient, QueryCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import * as z from "zod/mini";
import { laneSchema } from "../core/lane/row.ts";
import type { WakeUp } from "../core/lane/wake-up.ts";
import type { FoundLanes, LaneName } from "../core/lane/sweep.ts";
import { DUE_SHARD, laneOfItem, REGISTRY, registryItem } from "../core/base/table-schema.ts";
import { type Attributes, fromAttributes, RowShapeError, toAttributes } from "./dynamo.ts";

/** Finds lanes whose next attempt has come. */
export interface DueLanes {
  /** Those due at `now` (a timestamp), the longest waiting first. The index follows the table within a second or so. */
  dueLanes(now: string): AsyncIterable<WakeUp[]>;
}

const keySchema = z.object({ workspace: z.string(), item: z.string() });

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
        yield Items.flatMap((item) => wakeUpOfKey(fromAttributes(item, keySchema, table)));
        start = LastEvaluatedKey;
      } while (start !== undefined);
    },
  };
}

function wakeUpOfKey({ workspace, item }: z.infer<typeof keySchema>): WakeUp[] {
  const found = laneOfItem(item);
  return found === undefined ? [] : [{ workspace, ...found }];
}

/** Finds every lane that delivers. */
export interface LaneScan {
  liveLanes(): AsyncIterable<FoundLanes>;
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
        yield readLanes(Items, table);
        start = LastEvaluatedKey;
      } while (start !== undefined);
    },
  };
}

function readLanes(items: Attributes[], table: string): FoundLanes {
  const found: FoundLanes = { lanes: [], unreadable: [] };
  for (const item of items) {
    try {
      found.lanes.push(fromAttributes(item, laneSchema, table));
    } catch (error) {
      if (!(error instanceof RowShapeError)) throw error;
      found.unreadable.push(nameOf(item, table));
    }
  }
  return found;
}

function nameOf(item: Attributes, table: string): LaneName {
  const key = fromAttributes(item, keySchema, table);
  return wakeUpOfKey(key)[0] ?? { workspace: key.workspace };
}
