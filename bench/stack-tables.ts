import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import type { BenchStack } from "./bench-stack.ts";
import type { SeedTables } from "./retention-seed.ts";

/** An operator's client of a local stack. */
export function adminClient(stack: BenchStack): DynamoDBClient {
  return new DynamoDBClient({
    endpoint: stack.endpoints.awsEndpointUrl,
    region: "us-east-1",
    credentials: { accessKeyId: "LOCALADMIN", secretAccessKey: "local" },
  });
}

/** Names of a local stack's tables, by what their logical ids say. */
export async function tablesOf(stack: BenchStack): Promise<SeedTables> {
  const client = adminClient(stack);
  const { TableNames = [] } = await client.send(new ListTablesCommand({}));
  client.destroy();
  const named = (part: string): string => {
    const found = TableNames.find((name) => name.includes(part));
    if (found === undefined) throw new Error(`no table is named for ${part}: ${TableNames.join(", ")}`);
    return found;
  };
  return { events: named("EventLogEvents"), journal: named("Journal"), registry: named("RegistryTable") };
}
