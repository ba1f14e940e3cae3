import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { createDestinationReader } from "../../../lambdas/adapters/destination-store.ts";
import { createEntryStore } from "../../../lambdas/adapters/entry-store.ts";
import { createJournalStore } from "../../../lambdas/adapters/journal-store.ts";
import { createLaneStore } from "../../../lambdas/adapters/lane-store.ts";
import { createPurgeStore } from "../../../lambdas/adapters/purge-store.ts";
import { createQuarantineStore } from "../../../lambdas/adapters/quarantine-store.ts";
import { createWorkspaceReader } from "../../../lambdas/adapters/workspace-store.ts";
import { storedEntry } from "../../helpers/journal-records.ts";
import { type LocalDynamo, startLocalDynamo } from "../../helpers/local-dynamo.ts";

interface ReadInput {
  ConsistentRead?: boolean;
  IndexName?: string;
  RequestItems?: Record<string, { ConsistentRead?: boolean }>;
}

const READS = new Set(["GetItemCommand", "QueryCommand", "BatchGetItemCommand", "ScanCommand"]);
let local: LocalDynamo;
/** The reads of this test, and whether each was strongly consistent. */
let reads: { command: string; isConsistent: boolean }[] = [];

beforeAll(async () => {
  local = await startLocalDynamo(() => Date.parse("2026-11-23T12:00:00.000Z"));
  watchReads(local.client);
});
afterAll(() => local.close());
beforeEach(() => void (reads = []));

/** Ignores reads of an index, which cannot be consistent: the stores read again what they find there. */
function watchReads(client: DynamoDBClient): void {
  client.middlewareStack.add(
    (next, context) => (given) => {
      const input = given.input as ReadInput;
      const command = String(context.commandName);
      const parts = input.RequestItems === undefined ? [input] : Object.values(input.RequestItems);
      const isConsistent = parts.every(({ ConsistentRead }) => ConsistentRead === true);
      if (READS.has(command) && input.IndexName === undefined) reads.push({ command, isConsistent });
      return next(given);
    },
    { step: "initialize", name: "watchReads" },
  );
}

const journal = () => createJournalStore(local.client, "Journal");
const lanes = () => createLaneStore(local.client, "Registry");
const purge = () =>
  createPurgeStore(local.client, {
    events: "Events",
    journal: "Journal",
    registry: "Registry",
    receipts: "Receipts",
  });

// Everything by which delivery, fan-out and the purge decide. A stale read would skip an event, append it twice or
// remove what a legal hold keeps.
it.each<[string, () => Promise<unknown>]>([
  ["newest page", () => journal().newestPage("ws_1")],
  ["oldest page", () => journal().oldestPage("ws_1")],
  ["page", () => journal().readPage("ws_1", 1)],
  ["pages from", () => journal().readPagesFrom("ws_1", 1, 10)],
  ["entries", () => createEntryStore(local.client, "Events").readEntries("ws_1", [storedEntry(1)])],
  ["lane", () => lanes().readLane({ workspace: "ws_1", destination: "dst_1", lane: "live" })],
  ["lanes of a workspace", () => lanes().lanesOf("ws_1")],
  ["destination", () => createDestinationReader(local.client, "Registry").readDestination("ws_1", "dst_1")],
  ["workspace", () => createWorkspaceReader(local.client, "Registry").readWorkspace("ws_1")],
  ["state of a purge", () => purge().readState("ws_1")],
  ["lanes for a purge", () => purge().lanePositions("ws_1")],
  ["quarantine", () => createQuarantineStore(local.client, "Quarantine").listRows(10)],
])("reads with strong consistency: %s", async (_what, read) => {
  await read();
  expect(reads.length).toBeGreaterThan(0);
  expect(reads.filter(({ isConsistent }) => !isConsistent)).toStrictEqual([]);
});
