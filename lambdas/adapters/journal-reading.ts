import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { EntryReference } from "../core/entry/entry.ts";
import { linesOf } from "../core/entry/entry-body.ts";
import type { JournalReading } from "../core/reading/read-journal.ts";
import { pageSchema } from "../core/journal/page.ts";
import type { JournalStore } from "../core/journal/journal-store.ts";
import type { EntryStore } from "../core/entry/entry-store.ts";
import { JOURNAL } from "../core/base/table-schema.ts";
import { queryRows } from "./dynamo.ts";

export type Reading = Pick<JournalReading, "readPagesBack" | "readLines"> &
  Pick<JournalStore, "readPagesFrom" | "newestPage" | "oldestPage" | "readPage">;

/** Reads the journal in both directions, and the lines of its entries. */
export function createReading(
  client: DynamoDBClient,
  journalTable: string,
  journal: JournalStore,
  entries: EntryStore,
): Reading {
  return {
    ...journal,
    readPagesBack: async (workspace, page, limit) => {
      const { rows } = await queryRows(
        client,
        journalTable,
        {
          KeyConditionExpression: "#workspace = :workspace AND #page <= :page",
          ExpressionAttributeNames: { "#workspace": JOURNAL.workspace, "#page": JOURNAL.page },
          values: { ":workspace": workspace, ":page": page ?? Number.MAX_SAFE_INTEGER },
          ScanIndexForward: false,
          Limit: limit,
        },
        pageSchema,
      );
      return rows;
    },
    readLines: async (workspace: string, references: readonly EntryReference[]) => {
      const found = await entries.readEntries(workspace, references);
      return new Map([...found].map(([key, entry]) => [key, linesOf(entry)]));
    },
  };
}
