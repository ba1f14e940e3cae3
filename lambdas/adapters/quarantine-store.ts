import {
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  ScanCommand,
} from "@aws-sdk/client-dynamodb";
import * as z from "zod/mini";
import { quarantinedSchema, type QuarantineStore } from "../core/fan-out/quarantine.ts";
import { QUARANTINE } from "../core/base/table-schema.ts";
import { fromAttributes, toAttributes } from "./dynamo.ts";

const keySchema = z.object({ label: z.string(), sequenceNumber: z.string() });

export function createQuarantineStore(client: DynamoDBClient, table: string): QuarantineStore {
  return {
    async putRow(row) {
      await client.send(new PutItemCommand({ TableName: table, Item: toAttributes(row) }));
    },

    async listRows(limit, next) {
      const { Items, LastEvaluatedKey } = await client.send(
        new ScanCommand({
          TableName: table,
          ConsistentRead: true,
          Limit: limit,
          ...(next !== undefined && { ExclusiveStartKey: toAttributes(keySchema.parse(JSON.parse(next))) }),
        }),
      );
      return {
        rows: (Items ?? []).map((item) => fromAttributes(item, quarantinedSchema, table)),
        next:
          LastEvaluatedKey === undefined
            ? undefined
            : JSON.stringify(fromAttributes(LastEvaluatedKey, keySchema, table)),
      };
    },

    async closeRow({ label, sequenceNumber }) {
      await client.send(
        new DeleteItemCommand({
          TableName: table,
          Key: toAttributes({ [QUARANTINE.label]: label, [QUARANTINE.sequenceNumber]: sequenceNumber }),
        }),
      );
    },
  };
}
