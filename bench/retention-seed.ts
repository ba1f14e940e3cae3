import { join } from "node:path";
import { appendToJournal } from "../lambdas/core/journal/append-journal.ts";
import { buildEntry, referenceOf } from "../lambdas/core/entry/build-entry.ts";
import type { Entry } from "../lambdas/core/entry/entry.ts";
import { entryKeyOf } from "../lambdas/core/base/ids.ts";
import { type Page, streamPosition } from "../lambdas/core/journal/page.ts";
import { toAttributes } from "../lambdas/adapters/dynamo.ts";
import { createDynamoDb, type DynamoDbService, openDatabase } from "@trailcast/local-stack/aws";
import { LOCAL_ACCOUNT, LOCAL_REGION } from "@trailcast/local-stack/access";
import { toWire } from "./wire.ts";

export interface SeedTables {
  events: string;
  journal: string;
  registry: string;
}

export interface SeededWorkspace {
  workspace: string;
  entries: number;
}

const EVENTS_AN_ENTRY = 100;
const ENVELOPES = { eventTypePrefix: "pro.atmos", sourceBaseUrl: "https://app.example.com" };

/**
 * Fills the tables of a stopped stack with entries of 100 events, recorded at equal intervals between `from` and `to`
 * (milliseconds) and journalled as fan-out would do it. Their stream records are too old to be read when the stack
 * starts.
 */
export async function seedRetention(
  dir: string,
  tables: SeedTables,
  workspaces: readonly SeededWorkspace[],
  { from, to, keptDays }: { from: number; to: number; keptDays: number },
): Promise<void> {
  let now = from;
  const clock = (): number => now;
  const database = openDatabase(join(dir, "aws.db"));
  const service = createDynamoDb({ database, clock, region: LOCAL_REGION, accountId: LOCAL_ACCOUNT });
  for (const { workspace, entries } of workspaces) {
    let newest: Page | undefined;
    for (let index = 0; index < entries; index++) {
      now = from + ((to - from) * index) / entries;
      const entry = seedEntry(workspace, index, now, keptDays);
      await put(service, tables.events, entry);
      newest = await journal(service, tables.journal, { entry, index, newest, clock });
    }
  }
  database.close();
}

function seedEntry(workspace: string, index: number, now: number, keptDays: number): Entry {
  const events = Array.from({ length: EVENTS_AN_ENTRY }, (_, position) => ({
    category: position % 10 === 0 ? "billing" : "sign_in",
    action: "succeeded",
    actor: { type: "user", id: `usr_${position % 7}` },
    metadata: { run: index, position },
  }));
  const entry = entryKeyOf(workspace, String(index));
  const built = buildEntry(
    { workspace, entry, shard: 0, events, requestHash: entry, trace: undefined, keptDays },
    now,
    ENVELOPES,
  );
  if (!built.ok) throw new Error(built.problem.kind);
  return built.entry;
}

async function journal(
  service: DynamoDbService,
  table: string,
  {
    entry,
    index,
    newest,
    clock,
  }: { entry: Entry; index: number; newest: Page | undefined; clock: () => number },
): Promise<Page | undefined> {
  let written = newest;
  const position = streamPosition("seed", String(index));
  const store = {
    newestPage: async () => newest,
    putPage: async (page: Page) => {
      await put(service, table, page);
      written = page;
      return "put" as const;
    },
    oldestPage: async () => undefined,
    readPage: async () => undefined,
    readPagesFrom: async () => [],
  };
  const entries = { readEntries: async () => new Map() };
  await appendToJournal(entry.workspace, [{ position, reference: referenceOf(entry) }], {
    journal: store,
    entries,
    clock,
  });
  return written;
}

async function put(service: DynamoDbService, table: string, row: object): Promise<void> {
  const input = { TableName: table, Item: toWire(toAttributes(row)) };
  await service.handle({ service: "DynamoDB_20120810", action: "PutItem", input });
}
