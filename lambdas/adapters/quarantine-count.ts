import { type DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";

/** Counts the records in quarantine. */
export interface QuarantineCount {
  /** Counts up to `limit`, which keeps the scan small; what matters is whether there are any. */
  countRows(limit: number): Promise<number>;
}

export function createQuarantineCount(client: DynamoDBClient, table: string): QuarantineCount {
  return {
    async countRows(limit) {
      const { Count = 0 } = await client.send(
        new ScanCommand({ TableName: table, Select: "COUNT", Limit: limit }),
      );
      return Count;
    },
  };
}
