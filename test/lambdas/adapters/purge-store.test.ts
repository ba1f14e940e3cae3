import { PutItemCommand, TransactionConflictException } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { getRow, toAttributes } from "../../../lambdas/adapters/dynamo.ts";
import { createEntryStore } from "../../../lambdas/adapters/entry-store.ts";
import { createJournalStore } from "../../../lambdas/adapters/journal-store.ts";
import { createPurgeStore } from "../../../lambdas/adapters/purge-store.ts";
import { createRegistryWriter } from "../../../lambdas/adapters/registry-writer.ts";
import { createWorkspaceReader } from "../../../lambdas/adapters/workspace-store.ts";
import { buildEntry, sha256 } from "../../../lambdas/core/entry/build-entry.ts";
import type { Entry } from "../../../lambdas/core/entry/entry.ts";
import { entryKeyOf } from "../../../lambdas/core/base/ids.ts";
import { nextPage } from "../../../lambdas/core/journal/append-journal.ts";
import type { Workspace } from "../../../lambdas/core/workspace/entitlement.ts";
import { newPurgeState, type PurgeStore } from "../../../lambdas/core/retention/purge-state.ts";
import { endOf, openReceipt, type Receipt, receiptSchema } from "../../../lambdas/core/retention/receipt.ts";
import type { JournalRange } from "../../../lambdas/core/journal/range.ts";
import type { WorkspaceReader } from "../../../lambdas/core/workspace/workspace-store.ts";
import type { JournalStore } from "../../../lambdas/core/journal/journal-store.ts";
import type { EntryStore } from "../../../lambdas/core/entry/entry-store.ts";
import { createInMemoryPurge } from "../../helpers/in-memory-purge.ts";
import {
  createInMemoryEntries,
  createInMemoryJournal,
  createInMemoryWorkspaces,
  laneAtStart,
  workspaceRow,
} from "../../helpers/in-memory-stores.ts";
import { journalRecord, storedEntry } from "../../helpers/journal-records.ts";
import { type LocalDynamo, startLocalDynamo } from "../../helpers/local-dynamo.ts";
import { postedEvent } from "../../helpers/sample-events.ts";

const NOW = Date.parse("2026-11-23T12:00:00.000Z");
const WS = "ws_1";
const ENVELOPES = { eventTypePrefix: "pro.atmos", sourceBaseUrl: "https://app.example.com" };
const TABLES = { events: "Events", journal: "Journal", registry: "Registry", receipts: "Receipts" };

interface Tables {
  store: PurgeStore;
  entries: EntryStore;
  journal: JournalStore;
  workspaces: WorkspaceReader;
  putWorkspace(row: Workspace): Promise<void>;
  putLane(destination: string, lapsed?: JournalRange[]): Promise<void>;
  receipt(receipt: Receipt): Promise<Receipt | undefined>;
}

function inMemory(): Tables {
  const entries = createInMemoryEntries();
  const journal = createInMemoryJournal();
  const workspaces = createInMemoryWorkspaces();
  const store = createInMemoryPurge({ entries, journal, workspaces });
  return {
    store,
    entries,
    journal,
    workspaces,
    putWorkspace: async (row) => void workspaces.workspaces.set(row.workspace, row),
    putLane: async (destination, lapsed) => {
      const { lane, status, cursor } = laneAtStart(WS, destination);
      store.lanes.push({
        destination,
        lane,
        status,
        cursor,
        ...(lapsed !== undefined && { expiredRanges: lapsed }),
      });
    },
    receipt: async ({ receipt }) => store.receipts.get(receipt),
  };
}

function onDynamo({ client }: LocalDynamo): Tables {
  const put = async (row: object): Promise<void> =>
    void (await client.send(new PutItemCommand({ TableName: "Registry", Item: toAttributes(row) })));
  return {
    store: createPurgeStore(client, TABLES),
    entries: createEntryStore(client, "Events"),
    journal: createJournalStore(client, "Journal"),
    workspaces: createWorkspaceReader(client, "Registry"),
    putWorkspace: put,
    putLane: (destination, lapsed) => put(laneAtStart(WS, destination, { lapsed })),
    receipt: ({ workspace, receipt }) => getRow(client, "Receipts", { workspace, receipt }, receiptSchema),
  };
}

const pageOf = (name: number) => nextPage(WS, [journalRecord(storedEntry(name), name)], undefined, NOW);
const receiptOf = (name: number) =>
  openReceipt([pageOf(name)], { reason: "retention", removedBefore: "", openedAt: "", owed: [] });

let local: LocalDynamo;
beforeAll(async () => void (local = await startLocalDynamo(() => NOW)));
afterAll(() => local.close());

describe.each([
  ["in memory", inMemory],
  ["on DynamoDB", () => onDynamo(local)],
])("the purge's store %s", (_where, create) => {
  it("stores the state, and refuses to replace a version that was not read", async () => {
    const { store } = create();
    const fresh = await store.readState(WS);
    expect(fresh).toStrictEqual(newPurgeState(WS));
    const state = {
      ...fresh,
      receipt: receiptOf(1),
      receiptTotal: 1,
      claimed: endOf(pageOf(1)),
      frozen: true,
    };
    const stored = await store.replaceState(state);
    expect(stored).toStrictEqual({ ...state, version: 1 });
    expect(await store.readState(WS)).toStrictEqual(stored);
    expect(await store.replaceState(fresh)).toBe("stale");
    expect(await store.replaceState({ ...state, version: 5 })).toBe("stale");
    expect(await store.replaceState({ ...newPurgeState(WS), version: 1 })).toMatchObject({ version: 2 });
    expect(await store.readState(WS)).toStrictEqual({ ...newPurgeState(WS), version: 2 });
  });

  it("never reopens a closed receipt, but can drop one", async () => {
    const { store, receipt } = create();
    const open = receiptOf(1);
    await store.putReceipt(open);
    await store.putReceipt({ ...open, state: "closed", closedAt: "now" });
    await store.putReceipt(open);
    expect(await receipt(open)).toMatchObject({ state: "closed" });
    await store.dropReceipt(open);
    expect(await receipt(open)).toBeUndefined();
  });

  it("removes entries and pages, including those that are already gone", async () => {
    const { store, entries, journal } = create();
    const stored = Array.from({ length: 25 }, (_, name) => storedEntry(200 + name, { shard: name % 2 }));
    for (const entry of stored) await entries.putEntry(entry);
    const references = stored.map((entry) => journalRecord(entry, 1).reference);
    expect(await store.removeEntries(WS, references.slice(0, 24))).toBe(24);
    expect([...(await entries.readEntries(WS, references)).keys()]).toEqual([stored.at(-1)?.entry]);
    await store.removeEntries(WS, references);
    await store.removeEntries(WS, references);
    expect(await entries.readEntries(WS, references)).toEqual(new Map());
    await journal.putPage(pageOf(1));
    expect(await store.removePage(WS, 1)).toBeGreaterThan(0);
    await store.removePage(WS, 1);
    expect(await journal.readPage(WS, 1)).toBeUndefined();
  });

  it("does not touch a newer entry that the same idempotency key recorded after the first one had expired", async () => {
    const { store, entries } = create();
    const first = storedEntry(300);
    const second = { ...first, recordedAt: "2027-01-01T00:00:00.000Z" };
    await entries.putEntry(second);
    const { reference } = journalRecord(first, 300);
    await store.removeEntries(WS, [reference]);
    await store.extendEntry(WS, reference, second.expiresAt + 1000);
    expect(await entries.readEntries(WS, [reference])).toEqual(new Map());
    const { entry, shard } = second;
    const kept = (await entries.readEntries(WS, [{ entry, shard }])).get(entry);
    expect(kept).toMatchObject({ recordedAt: second.recordedAt, expiresAt: second.expiresAt });
    expect((await entries.readEntries(WS, [reference, second])).size).toBe(1);
  });

  it("extends only entries that exist, and never shortens their expiry", async () => {
    const { store, entries } = create();
    const entry = storedEntry(400);
    await entries.putEntry(entry);
    const expiry = async () => (await entries.readEntries(WS, [entry])).get(entry.entry)?.expiresAt;
    expect(await store.extendEntry(WS, entry, entry.expiresAt + 10)).toBe(1);
    expect(await expiry()).toBe(entry.expiresAt + 10);
    await store.extendEntry(WS, entry, entry.expiresAt);
    expect(await expiry()).toBe(entry.expiresAt + 10);
    await store.extendEntry(WS, storedEntry(401), 1);
    expect(await entries.readEntries(WS, [storedEntry(401)])).toEqual(new Map());
  });

  it("returns the positions of lanes and the ranges that expired before they were delivered", async () => {
    const { store, putLane } = create();
    await putLane("dst_1");
    const lapsed = [{ from: { page: 1, index: 3 }, to: { page: 2, index: 0 } }];
    await putLane("dst_2", lapsed);
    const cursor = { page: 1, index: 0 };
    expect(await store.lanePositions(WS)).toStrictEqual([
      { destination: "dst_1", lane: "live", status: "live", cursor },
      { destination: "dst_2", lane: "live", status: "live", cursor, expiredRanges: lapsed },
    ]);
  });

  it("confirms only a pending legal hold", async () => {
    const { store, workspaces, putWorkspace } = create();
    await putWorkspace(workspaceRow(WS, { hold: "pending" }));
    await store.confirmHold(WS);
    await store.confirmHold(WS);
    expect(await workspaces.readWorkspace(WS)).toMatchObject({ hold: "held", version: 2 });
    await putWorkspace(workspaceRow(WS));
    await store.confirmHold(WS);
    expect(await workspaces.readWorkspace(WS)).toStrictEqual(workspaceRow(WS));
  });

  it("applies a changed retention only to the version of the workspace that was read", async () => {
    const { store, workspaces, putWorkspace } = create();
    const row = workspaceRow(WS, { appliedDays: 7 });
    await putWorkspace(row);
    await store.applyRetention({ ...row, version: 9 }, { floor: "x" }, 20);
    expect(await workspaces.readWorkspace(WS)).toStrictEqual(row);
    await store.applyRetention(row, { floor: "2026-11-01T00:00:00.000Z", shortestDays: 7 }, 20);
    expect(await workspaces.readWorkspace(WS)).toStrictEqual({
      ...row,
      history: { floor: "2026-11-01T00:00:00.000Z", shortestDays: 7 },
      appliedDays: 20,
      version: 2,
    });
  });
});

describe("putting a legal hold", () => {
  it("makes the state of the purge stale for everyone who read it before, even if it did not exist", async () => {
    const store = createPurgeStore(local.client, TABLES);
    const { commit } = createRegistryWriter(local.client, TABLES);
    for (const workspace of ["ws_held", "ws_held", "ws_new"]) {
      const before = await store.readState(workspace);
      expect(await commit([{ kind: "freeze", workspace }])).toEqual({ kind: "committed" });
      expect(await store.replaceState({ ...before, frozen: false })).toBe("stale");
      expect(await store.readState(workspace)).toStrictEqual({
        ...before,
        frozen: true,
        version: before.version + 1,
      });
    }
  });

  it("makes a write stale that conflicts with its transaction", async () => {
    const conflict = new TransactionConflictException({ message: "", $metadata: {} });
    const client = { send: async () => Promise.reject(conflict) } as unknown as LocalDynamo["client"];
    expect(await createPurgeStore(client, TABLES).replaceState(newPurgeState(WS))).toBe("stale");
  });
});

describe("the write units of a removal", () => {
  const page = (entries: readonly Entry[]) =>
    nextPage(
      WS,
      entries.map((entry, index) => journalRecord(entry, 4_000_000_000_000 + index)),
      undefined,
      NOW,
    );
  const single = (name: number): Entry => {
    const entry = entryKeyOf(WS, `single ${name}`);
    const what = { workspace: WS, entry, shard: 0, events: [postedEvent()], requestHash: sha256(entry) };
    const built = buildEntry({ ...what, trace: undefined, keptDays: 30 }, NOW, ENVELOPES);
    if (!built.ok) throw new Error("refused");
    return built.entry;
  };

  it("are one for each kB of an entry, one for a missing entry, and one for each kB of the page", async () => {
    const { store, entries, journal } = onDynamo(local);
    const singles = Array.from({ length: 100 }, (_, name) => single(name));
    const hundred = page(singles);
    const large = storedEntry(500, { body: new Uint8Array(5000) });
    for (const entry of [...singles.slice(0, 50), large]) await entries.putEntry(entry);
    await journal.putPage(hundred);
    expect(await store.removeEntries(WS, [journalRecord(large, 1).reference])).toBe(6);
    expect(await store.removeEntries(WS, hundred.entries)).toBe(100);
    expect(await store.removePage(WS, hundred.page)).toBe(19);
    await journal.putPage(page(singles.slice(0, 1)));
    expect(await store.removePage(WS, hundred.page)).toBe(1);
  });
});
