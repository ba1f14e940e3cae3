import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import * as z from "zod/mini";
import { type Destination, destinationSchema } from "../core/destination/destination.ts";
import { type Workspace, workspaceSchema } from "../core/workspace/entitlement.ts";
import { laneSchema } from "../core/lane/row.ts";
import type { Lane } from "../core/lane/state.ts";
import { type RateWindow, rateWindowSchema } from "../core/destination/rate-limit.ts";
import type { RowKey } from "../core/destination/registry-write.ts";
import { type Replay, replayItem, replaySchema } from "../core/lane/replay.ts";
import { type SecretLock, secretLockItem, secretLockSchema } from "../core/destination/secret-lock.ts";
import { REGISTRY, registryItem } from "../core/base/table-schema.ts";
import { type Unfinished, UNFINISHED_PREFIX, unfinishedSchema } from "../core/destination/unfinished.ts";
import { type Attributes, getRow, queryAllRows, queryRows, type RowSchema, toAttributes } from "./dynamo.ts";

/** Rows of one workspace as management reads them; every read is strongly consistent. */
export interface RegistryReader {
  readWorkspace(workspace: string): Promise<Workspace | undefined>;
  readDestination(workspace: string, destination: string): Promise<Destination | undefined>;
  /** In the order of their ids, which is that of creation; after the one named. */
  listDestinations(workspace: string, after: string | undefined, limit: number): Promise<Destination[]>;
  readLane(workspace: string, destination: string, lane: string): Promise<Lane | undefined>;
  /** Every lane of the workspace, whatever its status. */
  listLanes(workspace: string): Promise<Lane[]>;
  readReplay(workspace: string, destination: string, replay: string): Promise<Replay | undefined>;
  listReplays(workspace: string, destination: string): Promise<Replay[]>;
  readRate(workspace: string, item: string): Promise<RateWindow | undefined>;
  readSecretLock(workspace: string, destination: string): Promise<SecretLock | undefined>;
  listUnfinished(workspace: string): Promise<Unfinished[]>;
  listRemains(workspace: string, destination: string): Promise<RowKey[]>;
}

const keySchema = z.object({ workspace: z.string(), item: z.string() });

const rowKey = (workspace: string, item: string) => ({
  [REGISTRY.workspace]: workspace,
  [REGISTRY.item]: item,
});

function beginsWith(workspace: string, prefix: string) {
  return {
    KeyConditionExpression: "#workspace = :workspace AND begins_with(#item, :prefix)",
    ExpressionAttributeNames: { "#workspace": REGISTRY.workspace, "#item": REGISTRY.item },
    values: { ":workspace": workspace, ":prefix": prefix },
  };
}

export function createRegistryReader(client: DynamoDBClient, table: string): RegistryReader {
  const get = <Row>(workspace: string, item: string, schema: RowSchema<Row>): Promise<Row | undefined> =>
    getRow(client, table, rowKey(workspace, item), schema);
  const all = <Row>(workspace: string, prefix: string, schema: RowSchema<Row>): Promise<Row[]> =>
    queryAllRows(client, table, beginsWith(workspace, prefix), schema);
  return {
    readWorkspace: (workspace) => get(workspace, registryItem.workspace, workspaceSchema),
    readDestination: (workspace, destination) =>
      get(workspace, registryItem.destination(destination), destinationSchema),
    async listDestinations(workspace, after, limit) {
      const start: Attributes | undefined =
        after === undefined ? undefined : toAttributes(rowKey(workspace, registryItem.destination(after)));
      const query = { ...beginsWith(workspace, registryItem.destinations), Limit: limit, start };
      return (await queryRows(client, table, query, destinationSchema)).rows;
    },
    readLane: (workspace, destination, lane) =>
      get(workspace, registryItem.lane(destination, lane), laneSchema),
    listLanes: (workspace) => all(workspace, registryItem.lanes, laneSchema),
    readReplay: (workspace, destination, replay) =>
      get(workspace, replayItem.replay(destination, replay), replaySchema),
    listReplays: (workspace, destination) => all(workspace, replayItem.replaysOf(destination), replaySchema),
    readRate: (workspace, item) => get(workspace, item, rateWindowSchema),
    readSecretLock: (workspace, destination) => get(workspace, secretLockItem(destination), secretLockSchema),
    listUnfinished: (workspace) => all(workspace, UNFINISHED_PREFIX, unfinishedSchema),
    async listRemains(workspace, destination) {
      const prefixes = [registryItem.lanesOf(destination), replayItem.replaysOf(destination)];
      const keys = await Promise.all(prefixes.map((prefix) => all(workspace, prefix, keySchema)));
      return keys.flat();
    },
  };
}
