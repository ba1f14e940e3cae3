import { DynamoDBClient, ListTablesCommand, paginateScan } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { receiptSchema } from "../../lambdas/core/retention/receipt.ts";
import type { BenchStack } from "./bench-stack.ts";
import type { SeedTables } from "../retention-seed.ts";

export interface StackTables extends SeedTables {
  receipts: string;
}

/** Creates a DynamoDB client with operator access to a local stack. */
export function adminClient(stack: BenchStack): DynamoDBClient {
  return new DynamoDBClient({
    endpoint: stack.endpoints.awsEndpointUrl,
    region: "us-east-1",
    credentials: { accessKeyId: "LOCALADMIN", secretAccessKey: "local" },
  });
}

/** Finds the names of a local stack's tables by their logical ids. */
export async function tablesOf(stack: BenchStack): Promise<StackTables> {
  const client = adminClient(stack);
  const { TableNames = [] } = await client.send(new ListTablesCommand({}));
  client.destroy();
  const named = (part: string): string => {
    const found = TableNames.find((name) => name.includes(part));
    if (found === undefined) throw new Error(`no table name contains ${part}: ${TableNames.join(", ")}`);
    return found;
  };
  return {
    events: named("EventLogEvents"),
    journal: named("Journal"),
    registry: named("RegistryTable"),
    receipts: named("Receipts"),
  };
}

/** Number of removed items according to the purge receipts of a stack. */
export async function removedByReceipts(
  stack: BenchStack,
  { receipts }: StackTables,
): Promise<{ events: number; pages: number }> {
  const client = adminClient(stack);
  const removed = { events: 0, pages: 0 };
  const input = { TableName: receipts };
  for await (const { Items = [] } of paginateScan({ client }, input)) {
    for (const item of Items) {
      const { events, fromPage, toPage } = receiptSchema.parse(unmarshall(item));
      removed.events += events;
      removed.pages += toPage - fromPage + 1;
    }
  }
  client.destroy();
  return removed;
}
