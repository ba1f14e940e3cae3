import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { destinationSchema } from "../core/destination/destination.ts";
import type { DestinationReader } from "../core/destination/destination-store.ts";
import { REGISTRY, registryItem } from "../core/base/table-schema.ts";
import { getRow } from "./dynamo.ts";

export function createDestinationReader(client: DynamoDBClient, registryTable: string): DestinationReader {
  return {
    readDestination: (workspace, destination) =>
      getRow(
        client,
        registryTable,
        { [REGISTRY.workspace]: workspace, [REGISTRY.item]: registryItem.destination(destination) },
        destinationSchema,
      ),
  };
}
