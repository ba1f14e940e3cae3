import { expect, it } from "vitest";
import type { Workspace } from "../../../../lambdas/core/workspace/entitlement.ts";
import type { Entry } from "../../../../lambdas/core/entry/entry.ts";
import { redriveQuarantine } from "../../../../lambdas/core/fan-out/redrive.ts";
import { DAY_MS, expiryOf, NEVER_EXPIRES } from "../../../../lambdas/core/workspace/retention.ts";
import { createInMemoryRetention } from "../../../helpers/in-memory-purge.ts";
import {
  createInMemoryEntries,
  createInMemoryJournal,
  createInMemoryLanes,
  createInMemoryQuarantine,
  createInMemoryWakeUps,
  createInMemoryWorkspaces,
  createRecordedLog,
  workspaceRow,
} from "../../../helpers/in-memory-stores.ts";
import { LABEL, storedEntry } from "../../../helpers/journal-records.ts";
import { createRetentionWorld, START, WS } from "../../../helpers/retention-world.ts";
import { visibleEvents } from "../../../helpers/visible-events.ts";

const DAY = DAY_MS;
/** Recorded under the plan `free`, so that it expires after seven days. */
const free = { ...storedEntry(1), expiresAt: expiryOf(storedEntry(1).recordedAt, 7) };
const RECORDED = Date.parse(free.recordedAt);

/**
 * Redrives the entry after it has waited in quarantine for `days`. Returns its stored expiry, or `expired` if it was
 * not journalled.
 */
async function redriveAfter(days: number, changes: Partial<Workspace>, entry: Entry = free) {
  const entries = createInMemoryEntries();
  const journal = createInMemoryJournal();
  const quarantine = createInMemoryQuarantine();
  await entries.putEntry(entry);
  await quarantine.putRow({
    label: LABEL,
    sequenceNumber: "1",
    partition: "ws_1",
    entry: entry.entry,
    reason: "record",
    at: "",
  });
  const { journalled } = await redriveQuarantine({
    journal,
    entries,
    quarantine,
    lanes: createInMemoryLanes(),
    wakeUps: createInMemoryWakeUps(),
    retention: createInMemoryRetention(entries, createInMemoryWorkspaces(workspaceRow("ws_1", changes))),
    clock: () => RECORDED + days * DAY,
    log: createRecordedLog(),
    hasTime: () => true,
    isLasting: () => false,
  });
  const stored = entries.entries.get(`ws_1/${entry.entry}`)?.expiresAt;
  expect(quarantine.rows.size).toBe(0);
  const reference = journal.pagesOf("ws_1")[0]?.entries[0];
  if (journalled === 0 && reference === undefined) return "expired";
  return reference?.expiresAt === stored ? stored : "another expiry in the journal";
}

const onDay = (day: number): string => new Date(RECORDED + day * DAY).toISOString();

it("gives a redriven entry and its reference the expiry of an entry that is recorded now", async () => {
  expect(await redriveAfter(5, { plan: "free" })).toBe(expiryOf(onDay(5), 7));
  expect(await redriveAfter(5, { plan: "team" })).toBe(expiryOf(onDay(5), 30));
});

it("never lets an entry expire that is redriven under a legal hold, even if its retention has passed", async () => {
  expect(await redriveAfter(5, { plan: "free", hold: "pending" })).toBe(NEVER_EXPIRES);
  expect(await redriveAfter(9, { plan: "free", hold: "held" })).toBe(NEVER_EXPIRES);
});

it("decides by the current retention whether an entry has expired, not by the entry's own expiry", async () => {
  expect(await redriveAfter(9, { plan: "team" })).toBe(expiryOf(onDay(9), 30));
  expect(await redriveAfter(9, { plan: "free" }, storedEntry(1))).toBe("expired");
  expect(await redriveAfter(9, { plan: "free" })).toBe("expired");
  const floor = new Date(RECORDED + DAY).toISOString();
  expect(await redriveAfter(9, { plan: "team", history: { floor } })).toBe("expired");
});

it("journals an entry that a past hold keeps from expiring, so that the purge removes it with its page", async () => {
  const world = createRetentionWorld({ plan: "free" });
  world.put({ plan: "free", hold: true });
  const kept = await world.quarantine();
  await world.record();
  world.moveTo(START + 3 * DAY);
  world.put({ plan: "free", hold: false });
  world.moveTo(START + 20 * DAY);
  expect(await world.redrive()).toMatchObject({ journalled: 1, expired: 0 });
  expect(world.journal.pagesOf(WS).at(-1)?.entries).toMatchObject([{ entry: kept.entry }]);
  expect(await visibleEvents(world)).toEqual([]);
  await world.record();
  world.moveTo(START + 28 * DAY);
  await world.purge();
  expect([...world.entries.entries.values()].filter(({ expiresAt }) => expiresAt === NEVER_EXPIRES)).toEqual(
    [],
  );
});

it("keeps an entry's later expiry during the grace period of a smaller plan", async () => {
  const until = new Date(RECORDED + 20 * DAY).toISOString();
  const entry = storedEntry(1);
  expect(await redriveAfter(9, { plan: "free", history: { kept: { days: 30, until } } }, entry)).toBe(
    entry.expiresAt,
  );
});
