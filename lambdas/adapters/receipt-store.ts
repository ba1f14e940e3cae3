import { DeleteItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type Receipt, receiptSchema } from "../core/retention/receipt.ts";
import type { PurgeStore } from "../core/retention/purge-state.ts";
import { RECEIPTS } from "../core/base/table-schema.ts";
import { putIf } from "./conditional-write.ts";
import { queryAllRows, toAttributes } from "./dynamo.ts";

export interface ReceiptStore extends Pick<PurgeStore, "putReceipt" | "dropReceipt"> {
  /** All receipts of a workspace, ordered by their first pages; strongly consistent. */
  listReceipts(workspace: string): Promise<Receipt[]>;
}

export function createReceiptStore(client: DynamoDBClient, table: string): ReceiptStore {
  return {
    putReceipt: async (receipt) => {
      await putIf(client, table, receipt, {
        condition: "attribute_not_exists(#state) OR #state = :open",
        names: { "#state": "state" },
        values: { ":open": "open" },
      });
    },
    dropReceipt: async ({ workspace, receipt }) => {
      const Key = toAttributes({ [RECEIPTS.workspace]: workspace, [RECEIPTS.receipt]: receipt });
      await client.send(new DeleteItemCommand({ TableName: table, Key }));
    },
    listReceipts: (workspace) =>
      queryAllRows(
        client,
        table,
        {
          KeyConditionExpression: "#workspace = :workspace",
          ExpressionAttributeNames: { "#workspace": RECEIPTS.workspace },
          values: { ":workspace": workspace },
        },
        receiptSchema,
      ),
  };
}
