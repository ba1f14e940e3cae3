import { type DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { type Page, pageSchema } from "../core/journal/page.ts";
import type { JournalStore } from "../core/journal/journal-store.ts";
import { JOURNAL } from "../core/base/table-schema.ts";
import { getRow, isConditionFailure, queryRows, toAttributes } from "./dynamo.ts";

const NAMES = { "#workspace": JOURNAL.workspace };

export function createJournalStore(client: DynamoDBClient, table: string): JournalStore {
  const endPage = async (workspace: string, forward: boolean): Promise<Page | undefined> => {
    const { rows } = await queryRows(
      client,
      table,
      {
        KeyConditionExpression: "#workspace = :workspace",
        ExpressionAttributeNames: NAMES,
        values: { ":workspace": workspace },
        ScanIndexForward: forward,
        Limit: 1,
      },
      pageSchema,
    );
    return rows[0];
  };

  return {
    newestPage: (workspace) => endPage(workspace, false),
    oldestPage: (workspace) => endPage(workspace, true),
    readPage: (workspace, page) =>
      getRow(client, table, { [JOURNAL.workspace]: workspace, [JOURNAL.page]: page }, pageSchema),

    async readPagesFrom(workspace, page, limit) {
      const { rows } = await queryRows(
        client,
        table,
        {
          KeyConditionExpression: "#workspace = :workspace AND #page >= :page",
          ExpressionAttributeNames: { ...NAMES, "#page": JOURNAL.page },
          values: { ":workspace": workspace, ":page": page },
          Limit: limit,
        },
        pageSchema,
      );
      return rows;
    },

    async putPage(page) {
      try {
        await client.send(
          new PutItemCommand({
            TableName: table,
            Item: toAttributes(page),
            ConditionExpression: "attribute_not_exists(#page)",
            ExpressionAttributeNames: { "#page": JOURNAL.page },
          }),
        );
        return "put";
      } catch (error) {
        if (isConditionFailure(error)) return "exists";
        throw error;
      }
    },
  };
}
