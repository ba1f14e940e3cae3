import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  DELIVERIES,
  EVENTS,
  JOURNAL,
  QUARANTINE,
  RECEIPTS,
  REGISTRY,
} from "../../lambdas/core/base/table-schema.ts";
import {
  createDynamoDb,
  type DynamoDbService,
  openDatabase,
  startHttpEndpoint,
} from "@trailcast/local-stack/aws";

type KeyType = "S" | "N";

function keys(partition: [string, KeyType], sort: [string, KeyType]): Record<string, unknown> {
  return {
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: [
      { AttributeName: partition[0], KeyType: "HASH" },
      { AttributeName: sort[0], KeyType: "RANGE" },
    ],
    AttributeDefinitions: [partition, sort].map(([AttributeName, AttributeType]) => ({
      AttributeName,
      AttributeType,
    })),
  };
}

export interface LocalDynamo {
  service: DynamoDbService;
  /** A real SDK client of the stand-in. */
  client: DynamoDBClient;
  eventsStream: string;
  close(): Promise<void>;
}

/** The tables of ingest and fan-out, in the in-memory DynamoDB stand-in. */
export async function startLocalDynamo(clock: () => number): Promise<LocalDynamo> {
  const database = openDatabase(":memory:");
  const service = createDynamoDb({ database, clock, region: "eu-west-1", accountId: "111111111111" });
  const events = service.createTable({
    TableName: "Events",
    ...keys([EVENTS.partition, "S"], [EVENTS.entry, "S"]),
    StreamSpecification: { StreamViewType: "NEW_IMAGE" },
    TimeToLiveSpecification: { AttributeName: EVENTS.ttl, Enabled: true },
  });
  service.createTable({ TableName: "Journal", ...keys([JOURNAL.workspace, "S"], [JOURNAL.page, "N"]) });
  service.createTable({ TableName: "Registry", ...keys([REGISTRY.workspace, "S"], [REGISTRY.item, "S"]) });
  service.createTable({ TableName: "Receipts", ...keys([RECEIPTS.workspace, "S"], [RECEIPTS.receipt, "S"]) });
  service.createTable({
    TableName: "Deliveries",
    ...keys([DELIVERIES.destination, "S"], [DELIVERIES.delivery, "S"]),
  });
  service.createTable({
    TableName: "Quarantine",
    ...keys([QUARANTINE.label, "S"], [QUARANTINE.sequenceNumber, "S"]),
  });
  const endpoint = await startHttpEndpoint({ services: { DynamoDB_20120810: service } });
  const client = new DynamoDBClient({
    endpoint: endpoint.url,
    region: "eu-west-1",
    credentials: { accessKeyId: "LOCALADMIN", secretAccessKey: "local" },
    maxAttempts: 1,
  });
  return {
    service,
    client,
    eventsStream: events.streamArn ?? "",
    async close() {
      client.destroy();
      await endpoint.close();
      database.close();
    },
  };
}
