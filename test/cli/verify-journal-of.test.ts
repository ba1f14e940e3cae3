import { DeleteItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { verifyJournalOf } from "../../cli/verify-journal-of.ts";
import { toAttributes } from "../../lambdas/adapters/dynamo.ts";
import { createEntryStore } from "../../lambdas/adapters/entry-store.ts";
import { createJournalStore } from "../../lambdas/adapters/journal-store.ts";
import { createPurgeStore } from "../../lambdas/adapters/purge-store.ts";
import { createReceiptStore } from "../../lambdas/adapters/receipt-store.ts";
import { createWorkspaceReader } from "../../lambdas/adapters/workspace-store.ts";
import { appendToJournal } from "../../lambdas/core/journal/append-journal.ts";
import { buildEntry, referenceOf } from "../../lambdas/core/entry/build-entry.ts";
import { withEntitlement } from "../../lambdas/core/retention/change-entitlement.ts";
import type { Workspace } from "../../lambdas/core/workspace/entitlement.ts";
import type { Entry } from "../../lambdas/core/entry/entry.ts";
import { type Page, streamPosition } from "../../lambdas/core/journal/page.ts";
import { DAY_MS, DEFAULT_RETENTION, keptDays } from "../../lambdas/core/workspace/retention.ts";
import { runPurge } from "../../lambdas/core/retention/run-purge.ts";
import { shardOf } from "../../lambdas/core/base/ids.ts";
import { ownEntryKeyOf } from "../../lambdas/core/entry/record-entry.ts";
import { createPurgeNotices } from "../../lambdas/core/retention/purge-notices.ts";
import { openReceipt, purgedKey, type Receipt } from "../../lambdas/core/retention/receipt.ts";
import {
  createInMemoryDestinations,
  createRecordedLog,
  createRecordedMetrics,
  laneAtStart,
} from "../helpers/in-memory-stores.ts";
import { AwsError } from "@trailcast/local-stack/aws";
import { type LocalDynamo, startLocalDynamo } from "../helpers/local-dynamo.ts";
import { PLANS, postedEvent } from "../helpers/sample-events.ts";

const WS = "ws_1";
const START = Date.parse("2026-01-01T00:00:00.000Z");
const TABLES = { events: "Events", journal: "Journal", registry: "Registry", receipts: "Receipts" };
const ENVELOPES = { eventTypePrefix: "pro.atmos", sourceBaseUrl: "https://app.example.com" };

let now: number;
let local: LocalDynamo;
let recorded: Entry[];
let row: Workspace;
let journalled: number;
/** Whether fan-out journals the purge's own events. */
let fansOut: boolean;

beforeEach(async () => {
  now = START;
  recorded = [];
  journalled = 0;
  fansOut = true;
  local = await startLocalDynamo(() => now);
  const { hostname, port } = (await local.client.config.endpoint?.()) ?? { hostname: "", port: 0 };
  vi.stubEnv("AWS_ENDPOINT_URL", `http://${hostname}:${port}`);
  vi.stubEnv("AWS_REGION", "eu-west-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "LOCALADMIN");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "local");
  await entitle({ plan: "free" }, undefined);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await local.close();
});

const put = (table: string, item: object) =>
  local.client.send(new PutItemCommand({ TableName: table, Item: toAttributes(item) }));
const remove = (table: string, key: object) =>
  local.client.send(new DeleteItemCommand({ TableName: table, Key: toAttributes(key) }));
const removeEntry = ({ partition, entry }: Entry) => remove("Events", { partition, entry });
const removePage = (page: number) => remove("Journal", { workspace: WS, page });
const stores = () => ({
  entries: createEntryStore(local.client, "Events"),
  journal: createJournalStore(local.client, "Journal"),
});
const currentRow = () => createWorkspaceReader(local.client, "Registry").readWorkspace(WS);

const receiptsOf = () => createReceiptStore(local.client, "Receipts").listReceipts(WS);

/** Stores what PUT entitlement would store. */
async function entitle(asked: { plan: string; hold?: boolean }, current: Workspace | undefined) {
  const settings = { plans: PLANS, retention: DEFAULT_RETENTION };
  row = withEntitlement(WS, current, asked, now, settings);
  row = { ...row, version: row.version + 1 };
  await put("Registry", row);
}

/** Records one entry and its page at noon of each of `days` days, starting with day `first`. */
async function recordDaily(first: number, days: number): Promise<void> {
  for (let day = first; day < first + days; day++) {
    now = START + (day + 0.5) * DAY_MS;
    const built = buildEntry(
      {
        workspace: WS,
        entry: `ent_${String(day).padStart(26, "0")}`,
        shard: 0,
        events: [postedEvent()],
        requestHash: "",
        trace: undefined,
        keptDays: keptDays(row, PLANS, now),
      },
      now,
      ENVELOPES,
    );
    if (!built.ok) throw new Error("refused");
    recorded.push(built.entry);
    await stores().entries.putEntry(built.entry);
    await journal(built.entry);
  }
}

/** Records the purge's own event, and its page unless fan-out is late. */
async function record(receipt: Receipt): Promise<"recorded" | "silent"> {
  const ambient = { clock: () => now, random: (bytes: number) => new Uint8Array(bytes) };
  const settings = { ...ENVELOPES, plans: PLANS, shards: {} };
  const told = await createPurgeNotices({
    workspaces: createWorkspaceReader(local.client, "Registry"),
    destinations: createInMemoryDestinations(),
    events: { put: async () => {} },
    recorder: { entries: stores().entries, ...ambient, settings },
    log: createRecordedLog(),
    metrics: createRecordedMetrics(),
  }).receiptClosed(receipt);
  const entry = ownEntryKeyOf(WS, purgedKey(receipt.receipt));
  const recordedEvent = (await stores().entries.readEntries(WS, [{ entry, shard: 0 }])).get(entry);
  if (recordedEvent !== undefined && fansOut) await journal(recordedEvent);
  return told;
}

async function journal(entry: Entry): Promise<void> {
  const position = streamPosition("label", String(journalled++).padStart(5, "0"));
  await appendToJournal(WS, [{ position, reference: referenceOf(entry) }], { ...stores(), clock: () => now });
}

/** Runs a purge that has time for `pages` pages. */
async function purge(pages = Number.POSITIVE_INFINITY): Promise<void> {
  let left = pages;
  const outcome = await runPurge(WS, {
    ...stores(),
    store: createPurgeStore(local.client, TABLES),
    workspaces: createWorkspaceReader(local.client, "Registry"),
    plans: PLANS,
    settings: DEFAULT_RETENTION,
    clock: () => now,
    hasTime: () => left-- > 0,
    pause: async () => {},
    receiptClosed: record,
    retentionChanged: async () => {},
    undeliveredExpiring: async () => {},
  });
  if (pages === Number.POSITIVE_INFINITY && outcome !== "finished") throw new Error(outcome);
  row = (await currentRow()) ?? row;
}

/** A purge that dies at its first such call to a table. */
async function dieAt(action: string, table: string): Promise<void> {
  const { service } = local;
  const handle = service.handle;
  service.handle = async (call) => {
    if (call.action === action && (call.input as { TableName?: string }).TableName === table)
      throw new AwsError("ValidationException", "died");
    return handle.call(service, call);
  };
  await expect(purge()).rejects.toThrow("died");
  service.handle = handle;
}

/** Runs a purge that dies at its first such call to a table. */
async function expire(): Promise<void> {
  const found = await stores().entries.readEntries(WS, recorded);
  for (const entry of found.values()) if (entry.expiresAt * 1000 <= now) await removeEntry(entry);
}

async function verify(workspace?: string): Promise<string[]> {
  const lines: string[] = [];
  const stack = {
    output: (name: string) => name.replace("Table", ""),
    clock: () => now,
    dir: undefined,
    label: "the stack",
  };
  const whole = await verifyJournalOf(stack, workspace, (line) => lines.push(line));
  const findings = lines.filter((line) => line.startsWith("  ✗"));
  expect(whole).toBe(findings.length === 0);
  return findings.map((line) => line.replace(`  ✗ ${WS} `, ""));
}

const missing = (day: number) => `page ${day + 1}: missing entry (${recorded[day]?.entry})`;

describe("trailcast verify --journal", () => {
  it("finds a purged journal intact, whatever TTL and the purge have removed so far", async () => {
    await recordDaily(0, 15);
    expect(await verify()).toEqual([]);
    await expire();
    expect(await verify(WS)).toEqual([]);
    await purge();
    expect(await verify()).toEqual([]);
    now += 5 * DAY_MS;
    await expire();
    expect(await verify()).toEqual([]);
  });

  it("finds it intact wherever a removal was interrupted", async () => {
    await recordDaily(0, 15);
    for (let pages = 1; pages < 12; pages++) {
      await purge(pages % 4);
      expect(await verify()).toEqual([]);
    }
  });

  it("reads receipts again when a purge ran during the verification", async () => {
    await recordDaily(0, 30);
    const { service } = local;
    const handle = service.handle.bind(service);
    let queries = 0;
    service.handle = async (call) => {
      const answer = await handle(call);
      // At this moment the first pages have been read, but not their entries.
      if (call.action === "Query" && JSON.stringify(call.input).includes('"Journal"') && queries++ === 0) {
        await purge();
      }
      return answer;
    };
    expect(await verify()).toEqual([]);
    expect(await verify()).toEqual([]);
    expect((await stores().journal.oldestPage(WS))?.page).toBeGreaterThan(20);
  });

  it("does not accept an early expiry as the reason of a loss when the plan has grown", async () => {
    await recordDaily(0, 5);
    await entitle({ plan: "team" }, row);
    for (let day = 5; day < 20; day++) {
      now = START + day * DAY_MS;
      await purge();
      await expire();
    }
    expect(await verify()).toEqual([]);
    await removeEntry(recorded[1]!);
    expect(await verify()).toEqual([missing(1)]);
  });

  it("accepts that events had expired before the plan grew", async () => {
    await recordDaily(0, 12);
    await expire();
    await entitle({ plan: "team" }, row);
    await purge();
    expect(await verify()).toEqual([]);
  });

  it("finds a loss after the plan has shrunk, during the grace period and afterwards", async () => {
    await entitle({ plan: "team" }, row);
    await recordDaily(0, 15);
    await entitle({ plan: "free" }, row);
    await removeEntry(recorded[2]!);
    expect(await verify()).toEqual([missing(2)]);
    now += 8 * DAY_MS;
    await removeEntry(recorded[14]!);
    await purge();
    expect(await verify()).toEqual([missing(14)]);
  });

  it("finds the loss of events that a hold protects, not of those that had expired before it", async () => {
    await recordDaily(0, 10);
    await expire();
    await entitle({ plan: "free", hold: true }, row);
    for (let day = 10; day < 30; day++) {
      now = START + day * DAY_MS;
      await purge();
      await expire();
    }
    expect(await verify()).toEqual([]);
    await removeEntry(recorded[6]!);
    expect(await verify()).toEqual([missing(6)]);
  });

  it("finds the journal of an ended workspace intact, also after the workspace is resumed", async () => {
    await recordDaily(0, 5);
    await put("Registry", { ...row, endedAt: new Date(now).toISOString() });
    now += 31 * DAY_MS;
    for (let pages = 0; pages < 6; pages++) {
      await purge(pages);
      expect(await verify()).toEqual([]);
    }
    await purge();
    expect(await stores().entries.readEntries(WS, recorded)).toEqual(new Map());
    expect(await verify()).toEqual([]);
    await entitle({ plan: "free" }, await currentRow());
    expect(row.history?.floor).toBe(new Date(now).toISOString());
    recorded.length = 0;
    await recordDaily(40, 20);
    await purge();
    expect(await verify()).toEqual([]);
    expect((await stores().journal.oldestPage(WS))?.page).toBeGreaterThan(6);
  });

  it("uses receipts and lanes to find that the end is missing", async () => {
    await recordDaily(0, 15);
    await put("Registry", { ...laneAtStart(WS, "dst_1"), cursor: { page: 15, index: 1 } });
    await removePage(15);
    await removeEntry(recorded[14]!);
    expect(await verify()).toEqual([]);
    await put("Registry", { ...laneAtStart(WS, "dst_1"), cursor: { page: 16, index: 0 } });
    expect(await verify()).toEqual(["page 15: lost end"]);
    await remove("Registry", { workspace: WS, item: laneAtStart(WS, "dst_1").item });
    await purge();
    for (let page = 1; page < 16; page++) await removePage(page);
    expect(await verify()).toEqual(["pages 1 to 8: lost end"]);
  });

  it("finds that all pages are missing when an entry has been stored for an hour", async () => {
    await recordDaily(0, 5);
    for (let page = 1; page <= 5; page++) await removePage(page);
    for (const entry of recorded.slice(0, 4)) await removeEntry(entry);
    expect(await verify()).toEqual([]);
    now += 3_600_001;
    expect(await verify()).toEqual(["page 1: lost end"]);
    await removeEntry(recorded[4]!);
    expect(await verify()).toEqual([]);
  });

  it("finds a receipt that was extended over an existing page, and what is missing on that page", async () => {
    await recordDaily(0, 20);
    await purge();
    const [receipt] = await receiptsOf();
    await put("Receipts", { ...receipt, toPage: 16 });
    await removeEntry(recorded[14]!);
    expect(await verify()).toEqual([missing(14), "pages 1 to 16: broken receipt"]);
    await put("Receipts", receipt!);
    expect(await verify()).toEqual([missing(14)]);
  });

  it("finds a forged receipt in the middle of the journal, whatever its time", async () => {
    await recordDaily(0, 6);
    const pages = (await stores().journal.readPagesFrom(WS, 2, 2)) as [Page, Page];
    for (const page of [2, 3]) await removePage(page);
    for (const entry of recorded.slice(1, 3)) await removeEntry(entry);
    const at = "2020-01-01T00:00:00.000Z";
    const facts = { reason: "retention", removedBefore: at, openedAt: at, owed: [] } as const;
    const forged = { ...openReceipt(pages, { ...facts, owed: [] }), state: "closed", closedAt: at };
    await put("Receipts", forged);
    expect(await verify()).toEqual(["pages 2 to 3: broken receipt"]);
    await removePage(1);
    expect(await verify()).toEqual(["page 1: hole", "pages 2 to 3: broken receipt"]);
  });

  it("finds a receipt that was changed later, for as long as its event is kept", async () => {
    await recordDaily(0, 20);
    await purge();
    now += 3_600_001;
    expect(await verify()).toEqual([]);
    const [receipt] = (await receiptsOf()) as [Receipt];
    const owed = [{ destination: "dst_1", events: 3 }];
    for (const changed of [{ owed }, { removedBefore: receipt.openedAt.replace("12:", "11:") }]) {
      await put("Receipts", { ...receipt, ...changed });
      expect((await verify())[0]).toMatch(/^pages 1 to 12: (broken|unrecorded) receipt$/);
    }
    await put("Receipts", { ...receipt, owed });
    const told = ownEntryKeyOf(WS, purgedKey(receipt.receipt));
    await remove("Events", { partition: WS, entry: told });
    expect(await verify()).toEqual([
      expect.stringMatching(/^page 21: missing entry/),
      "pages 1 to 12: unrecorded receipt",
    ]);
    now += 7 * DAY_MS;
    expect(await verify()).toEqual([]);
  });

  it("finds an open receipt that is missing from the purge's own row or differs from it", async () => {
    await recordDaily(0, 20);
    await purge(4);
    const [receipt] = (await receiptsOf()) as [Receipt];
    expect(receipt.state).toBe("open");
    expect(await verify()).toEqual([]);
    await put("Receipts", { ...receipt, removedBefore: "2026-01-01T12:30:00.000Z" });
    expect(await verify()).toEqual(["pages 1 to 12: broken receipt"]);
    await purge();
    expect(await verify()).toEqual([]);
    await put("Receipts", { ...receipt, receipt: "rct_000000000013", fromPage: 13, toPage: 14 });
    expect(await verify()).toEqual(["pages 13 to 14: broken receipt"]);
  });

  it("finds the journal intact when a hold has ended a removal but the receipt's row does not say so yet", async () => {
    await recordDaily(0, 20);
    await purge(6);
    await entitle({ plan: "free", hold: true }, row);
    fansOut = false;
    await dieAt("PutItem", "Receipts");
    expect(await receiptsOf()).toMatchObject([{ state: "open", toPage: 12 }]);
    expect(await verify()).toEqual([]);
    await purge();
    const [ended] = await receiptsOf();
    expect(ended).toMatchObject({ state: "closed", fromPage: 1 });
    expect(ended?.toPage).toBeLessThan(12);
    expect(await verify()).toEqual([]);
  });

  it("accepts a receipt whose event was recorded late, in any shard, for an hour", async () => {
    await recordDaily(0, 20);
    fansOut = false;
    await dieAt("PutItem", "Events");
    now += 3_600_001;
    expect(await verify()).toEqual([]);
    await purge();
    const closedAt = new Date(now - 3_600_001).toISOString();
    expect((await receiptsOf())[0]).toMatchObject({ state: "closed", closedAt });
    expect(await verify()).toEqual([]);
    const entry = ownEntryKeyOf(WS, purgedKey("rct_000000000001"));
    const event = (await stores().entries.readEntries(WS, [{ entry, shard: 0 }])).get(entry)!;
    await put("Events", { ...event, partition: `${WS}/${shardOf(entry, 64)}` });
    await removeEntry(event);
    expect(await verify()).toEqual([]);
    now += 3_600_000;
    expect(await verify()).toEqual(["pages 1 to 12: unrecorded receipt", "page 13: unrecorded receipt"]);
  });

  it("returns an error for an unknown workspace", async () => {
    await expect(verify("ws_typo")).rejects.toThrow("the stack has no workspace ws_typo.");
  });
});
