import { DynamoDBClient, ListTablesCommand, paginateScan } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { receiptSchema } from "../../lambdas/core/retention/receipt.ts";
import type { BenchStack } from "./bench-stack.ts";
import type { SeedTables } from "../retention-seed.ts";

export interface StackTables extends SeedTables {
  receipts: string;
}

/** An operator's client of a local stack. */
export function adminClient(stack: BenchStack): DynamoDBClient {
  return new DynamoDBClient({
    endpoint: stack.endpoints.awsEndpointUrl,
    region: "us-east-1",
    credentials: { accessKeyId: "LOCALADMIN", secretAccessKey: "local" },
  });
}

/** Names of a local stack's tables, by what their logical ids say. */
export async function tablesOf(stack: BenchStack): Promise<StackTables> {
  const client = adminClient(stack);
  const { TableNames = [] } = await client.send(new ListTablesCommand({}));
  client.destroy();
  const named = (part: string): string => {
    const found = TableNames.find((name) => name.includes(part));
    if (found === undefined) throw new Error(`no table is named for ${part}: ${TableNames.join(", ")}`);
    return found;
  };
  return {
    events: named("EventLogEvents"),
    journal: named("Journal"),
    registry: named("RegistryTable"),
    receipts: named("Receipts"),
  };
}

/** What the receipts of a stack say was removed. */
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
