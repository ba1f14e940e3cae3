import { beforeEach, describe, expect, it } from "vitest";
import { announceUndelivered } from "../../../../lambdas/core/retention/announce-undelivered.ts";
import type { LanePosition } from "../../../../lambdas/core/lane/row-schema.ts";
import { DAY_MS, DEFAULT_RETENTION } from "../../../../lambdas/core/workspace/retention.ts";
import type { Workspace } from "../../../../lambdas/core/workspace/entitlement.ts";
import { nextPage } from "../../../../lambdas/core/journal/append-journal.ts";
import {
  createInMemoryJournal,
  createInMemoryWorkspaces,
  type InMemoryJournal,
  workspaceRow,
} from "../../../helpers/in-memory-stores.ts";
import { journalRecord, storedEntry } from "../../../helpers/journal-records.ts";
import { PLANS } from "../../../helpers/sample-events.ts";

const NOW = Date.parse("2026-11-23T12:00:00.000Z");
const at = (day: number): string => new Date(NOW + day * DAY_MS).toISOString();
/** Recorded so long ago, an event of the plan `team` (30 days) expires within the two days of notice. */
const EXPIRING = -29;

let journal: InMemoryJournal;
let lanes: LanePosition[];
let told: string[];

beforeEach(() => {
  journal = createInMemoryJournal();
  told = [];
  lanes = [laneOf("dst_1", "live")];
});

function laneOf(destination: string, lane: string, page = 1): LanePosition {
  return { destination, lane, status: "live", cursor: { page, index: 0 } };
}

/** Adds a page of one event that was recorded on this day. */
function record(day: number, retentionInternal = false): void {
  const previous = journal.pagesOf("ws_1").at(-1);
  const name = (previous?.page ?? 0) + 1;
  const entry = storedEntry(name, { recordedAt: at(day), ...(retentionInternal && { retentionInternal }) });
  journal.put(nextPage("ws_1", [journalRecord(entry, name)], previous, NOW));
}

async function announce(row: Partial<Workspace> = {}): Promise<string[]> {
  await announceUndelivered("ws_1", {
    journal,
    store: { lanePositions: async () => lanes },
    workspaces: createInMemoryWorkspaces(workspaceRow("ws_1", { plan: "team", ...row })),
    plans: PLANS,
    settings: DEFAULT_RETENTION,
    clock: () => NOW,
    undeliveredExpiring: async (_workspace, destination, oldestAt) => {
      told.push(`${destination} ${oldestAt}`);
    },
  });
  return told;
}

describe("the notice of events that expire undelivered", () => {
  it("names the oldest that each destination has before it", async () => {
    record(EXPIRING);
    record(EXPIRING + 0.5);
    record(0);
    lanes = [laneOf("dst_1", "live"), laneOf("dst_2", "live", 2), laneOf("dst_3", "live", 3)];
    expect(await announce()).toEqual([`dst_1 ${at(EXPIRING)}`, `dst_2 ${at(EXPIRING + 0.5)}`]);
  });

  it("is not sent for a replay, whose events the destination was given before", async () => {
    record(EXPIRING);
    lanes = [laneOf("dst_1", "rpl_1"), laneOf("dst_2", "live")];
    expect(await announce()).toEqual([`dst_2 ${at(EXPIRING)}`]);
  });

  it("looks behind two dozen pages that hold only what retention says of itself", async () => {
    for (let page = 0; page < 24; page++) record(EXPIRING, true);
    expect(await announce()).toEqual([]);
    record(EXPIRING + 0.5);
    expect(await announce()).toEqual([`dst_1 ${at(EXPIRING + 0.5)}`]);
  });

  it.each<[string, Partial<Workspace>]>([
    ["under a legal hold", { hold: "held" }],
    ["on a plan that the settings do not name", { plan: "gone" }],
    ["once the workspace has ended", { endedAt: at(-1) }],
  ])("is not sent %s", async (_what, row) => {
    record(EXPIRING);
    expect(await announce(row)).toEqual([]);
  });
});
