import { beforeEach, describe, expect, it } from "vitest";
import { toTimestamp } from "../../../../lambdas/core/base/clock.ts";
import type { Destination } from "../../../../lambdas/core/destination/destination.ts";
import type { EntryReference } from "../../../../lambdas/core/entry/entry.ts";
import { buildOwnEntry } from "../../../../lambdas/core/entry/own-entry.ts";
import { countWanted, type ReplayCount } from "../../../../lambdas/core/lane/count-replay.ts";
import { mayBeNotice, noticeEvent } from "../../../../lambdas/core/lane/owner-notice.ts";
import { type ReplayWindow, replayWindow } from "../../../../lambdas/core/lane/replay-window.ts";
import { destinationRow, DST, LaneWorld, WS } from "../../../helpers/in-memory-lanes.ts";
import { workspaceRow } from "../../../helpers/in-memory-stores.ts";
import { PLANS } from "../../../helpers/sample-events.ts";

const WHOLE = { from: "2026-01-01T00:00:00.000Z", to: "2027-01-01T00:00:00.000Z" };

let world: LaneWorld;

beforeEach(() => {
  world = new LaneWorld();
});

async function count(changes: Partial<Destination> = {}, known?: ReplayWindow): Promise<ReplayCount> {
  const window = known ?? (await replayWindow(WS, WHOLE, "", world.journal));
  const destination = destinationRow(changes);
  return countWanted(window, { destination, eventTypePrefix: "pro.atmos", since: "", now: world.now }, world);
}

describe("counting a replay", () => {
  /** How often pages and entries are asked for, and of how many entries. */
  function watchReads(): { pages: number; entries: number[] } {
    const reads = { pages: 0, entries: [] as number[] };
    const { readPagesFrom } = world.journal;
    const { readEntries } = world.entries;
    world.journal.readPagesFrom = (...asked) => (reads.pages++, readPagesFrom(...asked));
    world.entries.readEntries = (workspace, references) => {
      reads.entries.push(references.length);
      return readEntries(workspace, references);
    };
    return reads;
  }

  /** Pages of one entry each, which need not be in the table: what is missing there and has not expired counts. */
  async function sparse(pages: number, reference: Partial<EntryReference> = {}): Promise<void> {
    await world.record(["a"]);
    const [first] = world.journal.pagesOf(WS);
    const [only] = first?.entries ?? [];
    if (first === undefined || only === undefined) throw new Error("no page");
    for (let number = 1; number <= pages; number++) {
      const entries = [{ ...only, entry: `ent_${number}`, ...reference }];
      const total = number * (reference.count ?? 1);
      world.journal.put({ ...first, page: number, total, entries });
    }
  }

  it.each([
    ["without a filter", {}],
    ["by a filter", { eventTypes: ["pro.atmos.billing.*"] }],
  ])("of 1,500 pages takes a read for each hundred %s", async (_, changes) => {
    await sparse(1_500);
    const window = await replayWindow(WS, WHOLE, "", world.journal);
    const reads = watchReads();
    expect(await count(changes, window)).toEqual({ events: 1_500, exact: true });
    expect(reads).toEqual({ pages: 15, entries: Array.from({ length: 15 }, () => 100) });
  });

  it.each([
    ["of several events", 2, 1_000],
    ["larger than a notice", 1, 4_097],
  ])("reads no entry %s without a filter", async (_, events, bytes) => {
    await sparse(200, { count: events, bytes });
    const reads = watchReads();
    expect(await count()).toEqual({ events: 200 * events, exact: true });
    expect(reads.entries).toEqual([]);
  });

  it("does read what TTL may have removed", async () => {
    await sparse(200, { count: 2, expiresAt: Math.floor(world.now / 1000) });
    expect(await count()).toEqual({ events: 0, exact: true });
  });

  it("reads no more than 8 MB, and takes what is behind for wanted", async () => {
    await sparse(10, { bytes: 1_000_000 });
    const reads = watchReads();
    expect(await count({ eventTypes: ["pro.atmos.billing.*"] })).toEqual({ events: 10, exact: false });
    expect(reads.entries).toEqual([8]);
  });

  it("tells an entry from a newer one under the same key", async () => {
    const { entry, recordedAt } = await world.record(["delivery_failing"], {
      category: "webhook",
      target: DST,
    });
    const [first] = world.journal.pagesOf(WS);
    const [only] = first?.entries ?? [];
    if (first === undefined || only === undefined) throw new Error("no page");
    expect(only.entry).toBe(entry);
    const older = { ...only, recordedAt: toTimestamp(Date.parse(recordedAt) - 1) };
    world.journal.put({ ...first, total: 2, entries: [older, only] });
    expect(await count()).toEqual({ events: 1, exact: true });
  });

  it("would read the longest notice", () => {
    const name = "\u{2028}".repeat(100);
    const at = toTimestamp(world.now);
    const event = noticeEvent({
      kind: "suspended",
      workspace: workspaceRow(WS),
      destination: { destination: "dst_01M83AAAAAW5M2T9C7R4X6V0BD", name },
      lane: "rpl_01M83AAAAAW5M2T9C7R4X6V0BD",
      key: "",
      at,
      reason: "guard:".padEnd(100, "x"),
      failingSince: at,
      advice: "credentials",
    });
    const settings = {
      eventTypePrefix: "a".repeat(100),
      sourceBaseUrl: `https://${"a".repeat(253)}`,
      plans: PLANS,
      shards: {},
    };
    const workspace = workspaceRow(WS);
    const entry = buildOwnEntry(
      { workspace, event, trace: undefined },
      world.now,
      (bytes) => new Uint8Array(bytes),
      settings,
    );
    expect(entry.bytes).toBeLessThan(2_048);
    expect(mayBeNotice(entry)).toBe(true);
  });
});
