import { beforeEach, describe, expect, it } from "vitest";
import { linesOf } from "../../../../lambdas/core/entry/entry-body.ts";
import type { OwnerEvent } from "../../../../lambdas/core/destination/owner-event.ts";
import { ownEntryKeyOf } from "../../../../lambdas/core/entry/record-entry.ts";
import { purgedKey, type Receipt } from "../../../../lambdas/core/retention/receipt.ts";
import { createPurgeNotices } from "../../../../lambdas/core/retention/purge-notices.ts";
import { destinationRow, DST, WS } from "../../../helpers/in-memory-lanes.ts";
import {
  createInMemoryDestinations,
  createInMemoryEntries,
  createInMemoryWorkspaces,
  createRecordedLog,
  createRecordedMetrics,
  workspaceRow,
} from "../../../helpers/in-memory-stores.ts";
import { PLANS } from "../../../helpers/sample-events.ts";

const DAY_MS = 86_400_000;
const OLDEST_AT = "2025-11-25T12:00:00.000Z";
let now: number;
let isBusDown: boolean;
let announced: OwnerEvent[];
let world: ReturnType<typeof createWorld>;

function createWorld() {
  const entries = createInMemoryEntries();
  const workspaces = createInMemoryWorkspaces(workspaceRow(WS));
  const destinations = createInMemoryDestinations(destinationRow());
  const log = createRecordedLog();
  const notices = createPurgeNotices({
    workspaces,
    destinations,
    events: {
      put: async (event) => {
        if (isBusDown) throw new Error("refused");
        announced.push(event);
      },
    },
    recorder: {
      entries,
      clock: () => now,
      random: (bytes) => new Uint8Array(bytes).fill(7),
      settings: {
        eventTypePrefix: "pro.atmos",
        sourceBaseUrl: "https://app.example.com",
        plans: PLANS,
        shards: {},
      },
    },
    log,
    metrics: createRecordedMetrics(),
  });
  return { entries, workspaces, destinations, log, notices };
}

beforeEach(() => {
  now = Date.parse("2026-11-23T02:17:00.000Z");
  isBusDown = false;
  announced = [];
  world = createWorld();
});

const announce = (): Promise<void> => world.notices.undeliveredExpiring(WS, DST, OLDEST_AT);
const recorded = () =>
  [...world.entries.entries.values()].flatMap((entry) => linesOf(entry)).map((line) => JSON.parse(line));

describe("a closed receipt", () => {
  const receipt: Receipt = {
    workspace: WS,
    receipt: "rct_000000000001",
    state: "closed",
    reason: "retention",
    removedBefore: OLDEST_AT,
    openedAt: OLDEST_AT,
    fromPage: 1,
    toPage: 2,
    events: 3,
    firstRecordedAt: OLDEST_AT,
    lastRecordedAt: OLDEST_AT,
    firstEntry: "ent_1",
    lastEntry: "ent_2",
    hashBefore: "",
    hashAfter: "hash",
    owed: [],
  };

  it("is recorded once as a retention-internal event with all its facts, and not at all once the workspace has ended", async () => {
    expect(await world.notices.receiptClosed(receipt)).toBe("recorded");
    expect(await world.notices.receiptClosed(receipt)).toBe("recorded");
    const { workspace: _workspace, state: _state, ...facts } = receipt;
    expect(recorded()).toMatchObject([{ type: "pro.atmos.retention.purged", data: { metadata: facts } }]);
    expect([...world.entries.entries]).toMatchObject([
      [`${WS}/${ownEntryKeyOf(WS, purgedKey(receipt.receipt))}`, { retentionInternal: true }],
    ]);
    world.workspaces.workspaces.set(WS, workspaceRow(WS, { endedAt: "2026-11-22T00:00:00.000Z" }));
    expect(await world.notices.receiptClosed({ ...receipt, receipt: "rct_000000000003" })).toBe("silent");
    expect(recorded()).toHaveLength(1);
  });
});

describe("undelivered events that are about to expire", () => {
  it("are announced once a day by an event in the workspace's log and one on the event bus", async () => {
    await announce();
    await announce();
    expect(recorded()).toMatchObject([{ type: "pro.atmos.webhook.delivery_expiring", subject: DST }]);
    expect([...world.entries.entries.values()]).toMatchObject([{ retentionInternal: true }]);
    expect(announced).toEqual([
      {
        detailType: "Events expiring",
        detail: {
          workspace: WS,
          destination: DST,
          name: "SIEM",
          at: "2026-11-23T02:17:00.000Z",
          oldestUndeliveredAt: OLDEST_AT,
        },
      },
    ]);
    now += DAY_MS;
    await announce();
    expect(recorded()).toHaveLength(2);
    expect(announced).toHaveLength(2);
  });

  it("do not hold up the purge if the bus refuses the event, and are announced again the next day", async () => {
    isBusDown = true;
    await announce();
    expect(world.log.lines.map(({ message }) => message)).toContain("owner.notice-failed");
    expect(recorded()).toHaveLength(1);
    isBusDown = false;
    now += DAY_MS;
    await announce();
    expect(announced).toHaveLength(1);
  });

  it("are announced for a destination that was just removed, but not for a workspace that has ended", async () => {
    world.destinations.destinations.clear();
    await announce();
    expect(announced).toMatchObject([{ detail: { destination: DST } }]);
    world.workspaces.workspaces.set(WS, workspaceRow(WS, { endedAt: "2026-11-22T00:00:00.000Z" }));
    now += DAY_MS;
    await announce();
    expect(announced).toHaveLength(1);
  });
});
