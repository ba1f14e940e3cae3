import { type DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";

/** How many records lie in quarantine. */
export interface QuarantineCount {
  /** At most `limit`, which keeps the scan small: whether there are any is what matters. */
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
