import { type DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";
import * as z from "zod/mini";
import { laneSchema, type Ring } from "../core/lane.ts";
import type { LaneStore } from "../core/stores.ts";
import { DUE_SHARD, REGISTRY, registryItem } from "../core/table-schema.ts";
import { putIf } from "./conditional-write.ts";
import { type Attributes, fromAttributes, getRow, queryAllRows, toAttributes } from "./dynamo.ts";

export function createLaneStore(client: DynamoDBClient, table: string): LaneStore {
  return {
    readLane: ({ workspace, destination, lane }) =>
      getRow(
        client,
        table,
        { [REGISTRY.workspace]: workspace, [REGISTRY.item]: registryItem.lane(destination, lane) },
        laneSchema,
      ),

    async lanesOf(workspace) {
      const lanes = await queryAllRows(
        client,
        table,
        {
          KeyConditionExpression: "#workspace = :workspace AND begins_with(#item, :lanes)",
          ExpressionAttributeNames: { "#workspace": REGISTRY.workspace, "#item": REGISTRY.item },
          values: { ":workspace": workspace, ":lanes": registryItem.lanes },
        },
        laneSchema,
      );
      return lanes.filter(({ status }) => status === "live");
    },

    async replaceLane(lane) {
      const stored = { ...lane, version: lane.version + 1 };
      const written = await putIf(client, table, stored, {
        condition: "#version = :version",
        names: { "#version": "version" },
        values: { ":version": lane.version },
      });
      return written ? stored : "stale";
    },
  };
}

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
