import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { laneSchema, rowOf } from "../core/lane/row.ts";
import type { LaneStore } from "../core/lane/lane-store.ts";
import { REGISTRY, registryItem } from "../core/base/table-schema.ts";
import { isTransactionConflict, putIf } from "./conditional-write.ts";
import { getRow, queryAllRows } from "./dynamo.ts";

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
      return lanes.filter(({ status }) => status.kind === "live");
    },

    async replaceLane(lane) {
      const stored = { ...lane, version: lane.version + 1 };
      try {
        const written = await putIf(client, table, rowOf(stored), {
          condition: "#version = :version",
          names: { "#version": "version" },
          values: { ":version": lane.version },
        });
        return written ? stored : "stale";
      } catch (error) {
        // Its owner is changing it: whoever wrote looks again, and fails if that never ends.
        if (isTransactionConflict(error)) return "stale";
        throw error;
      }
    },
  };
}
