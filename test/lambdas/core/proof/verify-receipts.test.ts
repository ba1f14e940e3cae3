import { expect, it } from "vitest";
import {
  asEnded,
  isBeingEmptied,
  removedThrough,
  verifyReceipts,
} from "../../../../lambdas/core/proof/verify-receipts.ts";
import { buildEntry } from "../../../../lambdas/core/entry/build-entry.ts";
import type { Entry } from "../../../../lambdas/core/entry/entry.ts";
import { ownEntryKeyOf } from "../../../../lambdas/core/entry/record-entry.ts";
import type { Workspace } from "../../../../lambdas/core/workspace/entitlement.ts";
import { newPurgeState, type PurgeState } from "../../../../lambdas/core/retention/purge-state.ts";
import { purgedFacts, purgedKey, type Receipt } from "../../../../lambdas/core/retention/receipt.ts";
import { workspaceRow } from "../../../helpers/in-memory-stores.ts";
import { postedEvent } from "../../../helpers/sample-events.ts";

const WS = "ws_1";
const HOUR_MS = 3_600_000;
const NOW = Date.parse("2026-06-30T02:17:30.000Z");
const ROW = workspaceRow(WS, {
  appliedDays: 30,
  createdAt: "2026-01-01T00:00:00.000Z",
} as Partial<Workspace>);
const { endedAt: _endedAt, hold: _hold, history: _history, ...LIVE } = ROW;
/** A valid receipt, at a time when the event that announces it need not be journalled yet. */
const RECEIPT: Receipt = {
  workspace: WS,
  receipt: "rct_000000000001",
  state: "closed",
  reason: "retention",
  removedBefore: "2026-05-31T02:17:00.000Z",
  openedAt: "2026-06-30T02:17:00.000Z",
  closedAt: "2026-06-30T02:17:20.000Z",
  fromPage: 1,
  toPage: 3,
  events: 5,
  firstRecordedAt: "2026-05-30T01:00:00.000Z",
  lastRecordedAt: "2026-05-31T01:00:00.000Z",
  firstEntry: "ent_1",
  lastEntry: "ent_3",
  hashBefore: "",
  hashAfter: "hash",
  owed: [],
};
const { closedAt: _closedAt, ...closedLess } = RECEIPT;
const OPEN: Receipt = { ...closedLess, state: "open" };

/** The entry with the event `retention.purged` that announces this receipt. */
function entryAnnouncing(receipt: Receipt, recordedAt: number): Entry {
  const built = buildEntry(
    {
      workspace: WS,
      entry: ownEntryKeyOf(WS, purgedKey(receipt.receipt)),
      shard: 0,
      events: [{ ...postedEvent(), metadata: purgedFacts(receipt) }],
      requestHash: "",
      trace: undefined,
      keptDays: 30,
    },
    recordedAt,
    { eventTypePrefix: "pro.atmos", sourceBaseUrl: "https://app.example.com" },
  );
  if (!built.ok) throw new Error("refused");
  return built.entry;
}

const found = (
  receipt: Partial<Receipt>,
  workspace: Partial<Workspace> = {},
  state: Partial<PurgeState> = {},
  now = NOW,
) =>
  verifyReceipts([{ ...RECEIPT, ...receipt }], {
    workspace: { ...LIVE, ...workspace },
    state: { ...newPurgeState(WS), ...state },
    announcements: new Map(),
    now,
  }).map(({ kind }) => kind);

it("a receipt that a purge can have written has no findings", () => {
  expect(found({})).toEqual([]);
});

it.each<[string, Partial<Receipt>, Partial<Workspace>]>([
  ["ends with an event recorded after its limit", { lastRecordedAt: "2026-05-31T02:17:00.000Z" }, {}],
  ["begins with an event recorded after its limit", { firstRecordedAt: "2026-06-01T00:00:00.000Z" }, {}],
  ["removes events that were still within the window", { removedBefore: "2026-05-31T04:00:00.000Z" }, {}],
  [
    "needs a shorter retention than the workspace ever had",
    {},
    { appliedDays: 60, history: { shortestDays: 31 } },
  ],
  ["was closed before it was opened", { closedAt: "2026-06-30T02:16:00.000Z" }, {}],
  ["was closed in the future", { closedAt: "2026-06-30T04:17:20.000Z" }, {}],
  ["is older than the workspace", {}, { createdAt: "2026-06-30T02:17:10.000Z" }],
  ["was opened under a legal hold", {}, { hold: "held", heldSince: "2026-06-29T00:00:00.000Z" }],
  ["gives as its reason the end of a workspace that has not ended", { reason: "ended" }, {}],
  [
    "was opened before the end that it gives as its reason",
    { reason: "ended" },
    { endedAt: "2026-06-30T02:17:10.000Z" },
  ],
  ["has more pages than events", { events: 2 }, {}],
  ["ends before it begins", { toPage: 0 }, {}],
  ["empties a page because of its age", { keepsPage: true, toPage: 1 }, {}],
  [
    "empties several pages of an ended workspace",
    { keepsPage: true, reason: "ended" },
    { endedAt: "2026-05-30T00:00:00.000Z" },
  ],
  [
    "empties a page that was put after it had been opened",
    { keepsPage: true, reason: "ended", toPage: 1, removedBefore: "2026-06-30T02:17:10.000Z" },
    { endedAt: "2026-05-30T00:00:00.000Z" },
  ],
  ["is closed without a time", { closedAt: undefined as never }, {}],
])("a receipt is broken if it %s", (_, receipt, workspace) => {
  expect(found(receipt, workspace)).toEqual(["broken-receipt"]);
});

it.each<[string, Partial<Receipt>, Partial<Workspace>]>([
  ["removes events by an earlier, shorter retention", {}, { appliedDays: 365, history: { shortestDays: 7 } }],
  [
    "removes events that had expired when the retention grew",
    {},
    { appliedDays: 365, history: { floor: "2026-06-01T00:00:00.000Z" } },
  ],
  ["removes the log of an ended workspace", { reason: "ended" }, { endedAt: "2026-05-30T00:00:00.000Z" }],
  [
    "removed the log of an ended workspace that was revived afterwards",
    { reason: "ended", removedBefore: RECEIPT.openedAt },
    { history: { floor: "2026-06-30T02:17:25.000Z" } },
  ],
  [
    "empties the last page of an ended workspace",
    { keepsPage: true, reason: "ended", toPage: 1, removedBefore: RECEIPT.openedAt },
    { endedAt: "2026-05-30T00:00:00.000Z" },
  ],
  ["was opened before the legal hold", {}, { hold: "held", heldSince: RECEIPT.openedAt }],
])("a receipt is valid if it %s", (_, receipt, workspace) => {
  expect(found(receipt, workspace)).toEqual([]);
});

it("a receipt without its event is reported after an hour, unless the workspace had ended", () => {
  const later = NOW + 7_200_000;
  expect(found({}, {}, {}, later)).toEqual(["unrecorded-receipt"]);
  expect(found({}, {}, { silent: [RECEIPT.receipt] }, later)).toEqual([]);
  expect(found({}, {}, {}, NOW + 30 * 86_400_000)).toEqual([]);
});

it("a receipt is announced by an event of the last hour that is not journalled yet, if it has the same content", () => {
  const findingsWith = (recordedAt: number, receipt = RECEIPT): string[] => {
    const entry = entryAnnouncing(receipt, recordedAt);
    return verifyReceipts([RECEIPT], {
      workspace: LIVE,
      state: newPurgeState(WS),
      announcements: new Map(),
      unjournalled: new Map([[entry.entry, entry]]),
      now: NOW + 3 * HOUR_MS,
    }).map(({ kind }) => kind);
  };
  expect(findingsWith(NOW + 2 * HOUR_MS + 1)).toEqual([]);
  expect(findingsWith(NOW + 2 * HOUR_MS)).toEqual(["unrecorded-receipt"]);
  expect(findingsWith(NOW + 3 * HOUR_MS, { ...RECEIPT, events: 6 })).toEqual(["unrecorded-receipt"]);
});

it("an open receipt must be the one on the purge's state row, which may have grown since", () => {
  const open = { state: "open", closedAt: undefined as never } as const;
  const end = { hash: "", total: 9, lastRecordedAt: "", lastEntry: "" };
  expect(found(open, {}, { receipt: OPEN })).toEqual([]);
  expect(found(open, {}, {})).toEqual(["broken-receipt"]);
  const grown: Receipt = { ...OPEN, toPage: 9, owed: [{ destination: "dst_1", events: 1 }] };
  expect(found(open, {}, { receipt: grown, claimed: { page: 3, ...end } })).toEqual([]);
  expect(found(open, {}, { receipt: grown, claimed: { page: 4, ...end } })).toEqual(["broken-receipt"]);
  expect(found(open, {}, { receipt: { ...grown, hashBefore: "00" } })).toEqual(["broken-receipt"]);
  const closing: Receipt = { ...OPEN, state: "closed", closedAt: RECEIPT.closedAt };
  expect(found(open, {}, { receipt: closing })).toEqual([]);
  expect(found({ ...open, owed: grown.owed }, {}, { receipt: OPEN })).toEqual(["broken-receipt"]);
});

it("a receipt that ended early is read from the purge's state row until its own row is updated", () => {
  const ended = { ...newPurgeState(WS), receipt: RECEIPT };
  const further: Receipt = { ...OPEN, toPage: 9, events: 20, hashAfter: "further" };
  expect(asEnded([further], ended)).toEqual([OPEN]);
  const owed = [{ destination: "dst_1", events: 1 }];
  expect(asEnded([{ ...OPEN, owed }], ended)).toEqual([OPEN]);
  for (const other of [
    { ...further, hashBefore: "00" },
    { ...OPEN, toPage: 2 },
    { ...further, state: "closed" as const },
  ])
    expect(asEnded([other], ended)).toEqual([other]);
  expect(asEnded([further], { ...ended, receipt: OPEN })).toEqual([further]);
});

it("entries may only be missing from the claimed page and from the emptied last page, each with its hash of that time", () => {
  const page = { page: 3, hash: "hash", at: "2026-05-31T01:00:00.000Z" };
  const claimed = { page: 3, hash: "hash", total: 9, lastRecordedAt: "", lastEntry: "" };
  const underWay = { ...newPurgeState(WS), receipt: OPEN, claimed };
  expect(isBeingEmptied(page, [OPEN], underWay)).toBe(true);
  expect(isBeingEmptied({ ...page, hash: "other" }, [OPEN], underWay)).toBe(false);
  expect(isBeingEmptied({ ...page, page: 2 }, [OPEN], underWay)).toBe(false);
  const idle = newPurgeState(WS);
  const end: Receipt = { ...RECEIPT, fromPage: 3, keepsPage: true, reason: "ended" };
  expect(isBeingEmptied(page, [end], idle)).toBe(true);
  expect(isBeingEmptied({ ...page, hash: "other" }, [end], idle)).toBe(false);
  expect(isBeingEmptied({ ...page, at: RECEIPT.openedAt }, [end], idle)).toBe(false);
  expect(isBeingEmptied(page, [RECEIPT], idle)).toBe(false);
  expect(removedThrough([end], underWay)).toBe(2);
  expect(removedThrough([RECEIPT, end], idle)).toBe(3);
  expect(removedThrough([end], idle)).toBe(0);
});

it("a receipt must begin after the page and the time of the one before", () => {
  const evidence = { workspace: LIVE, state: newPurgeState(WS), announcements: new Map(), now: NOW };
  const next = { ...RECEIPT, receipt: "rct_000000000004", fromPage: 4, toPage: 6 };
  expect(verifyReceipts([RECEIPT, next], evidence)).toEqual([]);
  const broken = [{ kind: "broken-receipt", page: 3, toPage: 6 }];
  expect(verifyReceipts([RECEIPT, { ...next, fromPage: 3 }], evidence)).toEqual(broken);
  const earlier = { ...next, openedAt: "2026-06-30T02:16:59.000Z" };
  expect(verifyReceipts([RECEIPT, earlier], evidence)).toMatchObject([{ page: 4 }]);
});
