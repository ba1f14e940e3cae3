import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RowShapeError, toAttributes } from "../../../lambdas/adapters/dynamo.ts";
import { createEntryExtender } from "../../../lambdas/adapters/entry-extender.ts";
import { createEntryStore } from "../../../lambdas/adapters/entry-store.ts";
import { createJournalStore } from "../../../lambdas/adapters/journal-store.ts";
import { createQuarantineStore } from "../../../lambdas/adapters/quarantine-store.ts";
import { createWorkspaceReader } from "../../../lambdas/adapters/workspace-store.ts";
import { appendToJournal, nextPage } from "../../../lambdas/core/journal/append-journal.ts";
import { fanOut, type FanOutDependencies } from "../../../lambdas/core/fan-out/fan-out.ts";
import type { Page } from "../../../lambdas/core/journal/page.ts";
import type { Quarantined } from "../../../lambdas/core/fan-out/quarantine.ts";
import { recordEntry } from "../../../lambdas/core/entry/record-entry.ts";
import { DEFAULT_RETENTION, NEVER_EXPIRES } from "../../../lambdas/core/workspace/retention.ts";
import { redriveQuarantine } from "../../../lambdas/core/fan-out/redrive.ts";
import { readStreamRecord, streamEventSchema } from "../../../lambdas/core/fan-out/stream-record.ts";
import { verifyEntry, verifyJournal } from "../../../lambdas/core/proof/verify-journal.ts";
import {
  createInMemoryLanes,
  createInMemoryWakeUps,
  createRecordedLog,
  createRecordedMetrics,
  laneAtStart,
  workspaceRow,
} from "../../helpers/in-memory-stores.ts";
import { journalRecord, storedEntry } from "../../helpers/journal-records.ts";
import { type LocalDynamo, startLocalDynamo } from "../../helpers/local-dynamo.ts";
import { PLANS, postedEvent } from "../../helpers/sample-events.ts";

const NOW = Date.parse("2026-11-23T12:00:00.000Z");
let local: LocalDynamo;

beforeAll(async () => {
  local = await startLocalDynamo(() => NOW);
});
afterAll(() => local.close());

const entries = () => createEntryStore(local.client, "Events");
const journal = () => createJournalStore(local.client, "Journal");

function pagesOf(workspace: string, count: number): Page[] {
  const pages: Page[] = [];
  for (let number = 0; number < count; number++) {
    pages.push(
      nextPage(workspace, [journalRecord(storedEntry(number, { workspace }), number)], pages.at(-1), NOW),
    );
  }
  return pages;
}

describe("the entry store", () => {
  it("records an entry once, and returns the existing one to a repeat", async () => {
    const entry = storedEntry(1, { workspace: "ws_put", trace: "t" });
    expect(await entries().putEntry(entry)).toStrictEqual({ kind: "recorded" });
    const other = { ...entry, requestHash: "other" };
    const again = await entries().putEntry(other);
    expect(again).toStrictEqual({ kind: "exists", entry: { ...entry, body: expect.any(Uint8Array) } });
  });

  it("reads more entries than fit into one call, from several shards, and leaves out missing ones", async () => {
    const stored = Array.from({ length: 130 }, (_, name) =>
      storedEntry(name, { workspace: "ws_many", shard: name % 3 }),
    );
    await Promise.all(stored.map((entry) => entries().putEntry(entry)));
    const asked = [...stored, storedEntry(999, { workspace: "ws_many" }), ...stored.slice(0, 5)];
    const found = await entries().readEntries("ws_many", asked);
    expect([...found.keys()].toSorted()).toStrictEqual(stored.map(({ entry }) => entry));
    expect(found.get(stored[7]!.entry)?.hash).toBe(stored[7]!.hash);
  });

  it("refuses a malformed row with an error that says nothing of its content", async () => {
    const { hash: _hash, ...broken } = storedEntry(1, { workspace: "ws_broken" });
    await local.client.send(new PutItemCommand({ TableName: "Events", Item: toAttributes(broken) }));
    await expect(entries().readEntries("ws_broken", [broken])).rejects.toBeInstanceOf(RowShapeError);
  });
});

describe("the journal store", () => {
  it("puts a page only if its number is free", async () => {
    const [first, second] = pagesOf("ws_pages", 2) as [Page, Page];
    expect(await journal().putPage(first)).toBe("put");
    expect(await journal().putPage({ ...second, page: 1 })).toBe("exists");
    expect(await journal().readPage("ws_pages", 1)).toStrictEqual(first);
    expect(await journal().readPage("ws_pages", 2)).toBeUndefined();
  });

  it("finds the oldest, the newest and the next existing pages", async () => {
    for (const page of pagesOf("ws_ends", 12).filter(({ page: number }) => number > 3 && number !== 6)) {
      await journal().putPage(page);
    }
    expect((await journal().oldestPage("ws_ends"))?.page).toBe(4);
    expect((await journal().newestPage("ws_ends"))?.page).toBe(12);
    const next = await journal().readPagesFrom("ws_ends", 1, 3);
    expect(next.map(({ page }) => page)).toStrictEqual([4, 5, 7]);
    expect(await journal().newestPage("ws_none")).toBeUndefined();
    expect(await journal().oldestPage("ws_none")).toBeUndefined();
  });
});

describe("the quarantine store", () => {
  it("stores a record once, lists all records page by page, and closes them", async () => {
    const store = createQuarantineStore(local.client, "Quarantine");
    const rows: Quarantined[] = [1, 2, 3].map((number) => ({
      label: "L",
      sequenceNumber: String(number),
      partition: "ws_1",
      entry: "ent_1",
      reason: "record",
      at: "2026-11-23T12:00:00.000Z",
    }));
    for (const row of [...rows, ...rows]) await store.putRow(row);
    const { rows: first, next } = await store.listRows(2);
    const { rows: second } = await store.listRows(2, next);
    expect([...first, ...second]).toStrictEqual(rows);
    for (const row of rows) await store.closeRow(row);
    expect(await store.listRows(10)).toStrictEqual({ rows: [], next: undefined });
  });
});

describe("the workspace reader", () => {
  it("reads a row, or returns nothing if there is none", async () => {
    const row = workspaceRow("ws_1", { retentionDays: 90, history: { floor: "2026-01-01T00:00:00.000Z" } });
    await local.client.send(new PutItemCommand({ TableName: "Registry", Item: toAttributes(row) }));
    const reader = createWorkspaceReader(local.client, "Registry");
    expect(await reader.readWorkspace("ws_1")).toStrictEqual(row);
    expect(await reader.readWorkspace("ws_2")).toBeUndefined();
  });
});

describe("from a request to the journal", () => {
  it("recorded entries pass through the stream into pages that verify, and an unreadable one is quarantined and redriven", async () => {
    const world = await startLocalDynamo(() => NOW);
    try {
      const store = createEntryStore(world.client, "Events");
      const pages = createJournalStore(world.client, "Journal");
      const quarantine = createQuarantineStore(world.client, "Quarantine");
      const lanes = createInMemoryLanes();
      lanes.put(laneAtStart("ws_1", "dst_1"));
      const dependencies: FanOutDependencies & { quarantine: typeof quarantine } = {
        journal: pages,
        entries: store,
        lanes,
        wakeUps: createInMemoryWakeUps(),
        quarantine,
        clock: () => NOW,
        log: createRecordedLog(),
        metrics: createRecordedMetrics(),
        isLasting: (error) => error instanceof RowShapeError,
      };
      const recorder = {
        entries: store,
        clock: () => NOW,
        random: (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)),
        settings: {
          eventTypePrefix: "pro.atmos",
          sourceBaseUrl: "https://x.test",
          plans: PLANS,
          shards: { ws_1: 3 },
        },
      };
      const lame = { ...storedEntry(5), hash: "not a hash" };
      await store.putEntry(lame);
      const recorded: string[] = [];
      for (let post = 0; post < 30; post++) {
        const events = Array.from({ length: 1 + (post % 7) * 9 }, () =>
          postedEvent({ description: "d".repeat(post * 20) }),
        );
        const result = await recordEntry(
          { workspace: workspaceRow("ws_1"), events, requestHash: "h" },
          recorder,
        );
        recorded.push(result.ok ? result.recorded.entry : "refused");
      }

      const stream = () =>
        streamEventSchema.parse({ Records: world.service.readStream(world.eventsStream, undefined, 1000) });
      const batch = stream().Records.map(readStreamRecord);
      const both = await Promise.all([fanOut(batch, dependencies), fanOut(batch.slice(0, 11), dependencies)]);
      expect(both).toStrictEqual([undefined, undefined]);
      const written = await pages.readPagesFrom("ws_1", 1, 100);
      expect(written.flatMap(({ entries: on }) => on.map(({ entry }) => entry))).toStrictEqual(recorded);
      expect(verifyJournal(written)).toStrictEqual([]);
      for (const page of written) {
        const stored = await store.readEntries("ws_1", page.entries);
        const findings = page.entries.map((reference) =>
          verifyEntry(page.page, reference, stored.get(reference.entry), false),
        );
        expect(findings.filter((finding) => finding !== undefined)).toStrictEqual([]);
      }
      expect((await quarantine.listRows(10)).rows).toMatchObject([
        { entry: lame.entry, partition: "ws_1", reason: "record" },
      ]);
      const retention = {
        workspaces: createWorkspaceReader(world.client, "Registry"),
        plans: PLANS,
        settings: DEFAULT_RETENTION,
        extendEntry: createEntryExtender(world.client, "Events"),
      };
      const redrive = () => redriveQuarantine({ ...dependencies, retention, hasTime: () => true });
      expect(await redrive()).toStrictEqual({ journalled: 0, expired: 0, unreadable: 1, remaining: false });
      await world.client.send(
        new PutItemCommand({ TableName: "Events", Item: toAttributes(storedEntry(5)) }),
      );
      const held = workspaceRow("ws_1", { hold: "held" });
      await world.client.send(new PutItemCommand({ TableName: "Registry", Item: toAttributes(held) }));
      expect(await redrive()).toStrictEqual({ journalled: 1, expired: 0, unreadable: 0, remaining: false });
      const newest = await pages.newestPage("ws_1");
      expect(newest).toMatchObject({
        late: newest?.page,
        entries: [{ entry: lame.entry, expiresAt: NEVER_EXPIRES }],
      });
    } finally {
      await world.close();
    }
  });

  it("concurrent appenders write one hash chain over many pages", async () => {
    const records = Array.from({ length: 120 }, (_, name) =>
      journalRecord(storedEntry(name, { workspace: "ws_two", count: 30 }), 1_000_000_000 * (name + 1)),
    );
    const append = (from: number, to: number) =>
      appendToJournal("ws_two", records.slice(from, to), {
        journal: journal(),
        entries: entries(),
        clock: () => NOW,
      });
    await Promise.all([append(0, 120), append(0, 60), append(0, 90)]);
    await append(40, 120);
    const pages = await journal().readPagesFrom("ws_two", 1, 1000);
    expect(verifyJournal(pages)).toStrictEqual([]);
    expect(pages.at(-1)?.total).toBe(3600);
  });
});
