import { buildEntry, referenceOf } from "../../lambdas/core/entry/build-entry.ts";
import { appendToJournal } from "../../lambdas/core/journal/append-journal.ts";
import { type AskedEntitlement, withEntitlement } from "../../lambdas/core/retention/change-entitlement.ts";
import type { Plans, Workspace } from "../../lambdas/core/workspace/entitlement.ts";
import type { Entry } from "../../lambdas/core/entry/entry.ts";
import type { JournalRecord } from "../../lambdas/core/journal/find-in-journal.ts";
import { type Redriven, redriveQuarantine } from "../../lambdas/core/fan-out/redrive.ts";
import { streamPosition } from "../../lambdas/core/journal/page.ts";
import type { Receipt } from "../../lambdas/core/retention/receipt.ts";
import {
  DAY_MS,
  DEFAULT_RETENTION,
  recordedDays,
  visibleSince,
} from "../../lambdas/core/workspace/retention.ts";
import { runPurge } from "../../lambdas/core/retention/run-purge.ts";
import { createInMemoryPurge } from "./in-memory-purge.ts";
import {
  createInMemoryEntries,
  createInMemoryJournal,
  createInMemoryLanes,
  createInMemoryQuarantine,
  createInMemoryWakeUps,
  createInMemoryWorkspaces,
  createRecordedLog,
  takeTurns,
  type Turn,
  workspaceRow,
} from "./in-memory-stores.ts";

export const WS = "ws_1";
export const START = Date.parse("2026-01-01T00:00:00.000Z");
export const PLANS: Plans = {
  free: { retentionDays: 7, forwarding: false, maxDestinations: 0 },
  team: { retentionDays: 30, forwarding: false, maxDestinations: 0 },
  enterprise: { retentionDays: 90, forwarding: true, maxDestinations: 10 },
};

export class CrashError extends Error {}

/**
 * A workspace, its journal and its purge with a clock that the test moves; days count from `START`. With `records`, the
 * purge's own events are journalled at once.
 */
export function createRetentionWorld(options: { plan: string; plans?: Plans; records?: boolean }) {
  const plans = options.plans ?? PLANS;
  let now = START;
  let crashIn = Number.POSITIVE_INFINITY;
  let sequence = 0;
  let paused = 0;
  let closed: Receipt[] = [];
  const changed: { before: number; after: number }[] = [];
  const owed: { destination: string; oldestAt: string }[] = [];
  const entries = createInMemoryEntries();
  const journal = createInMemoryJournal();
  const quarantined = createInMemoryQuarantine();
  const workspaces = createInMemoryWorkspaces(
    workspaceRow(WS, {
      plan: options.plan,
      appliedDays: plans[options.plan]?.retentionDays,
      createdAt: new Date(START).toISOString(),
    } as Partial<Workspace>),
  );
  const turn = async (): Promise<void> => {
    crashIn--;
    if (crashIn < 0) throw new CrashError("crashed");
  };
  const store = createInMemoryPurge({ entries, journal, workspaces }, turn);
  const workspace = (): Workspace => {
    const row = workspaces.workspaces.get(WS);
    if (row === undefined) throw new Error("no workspace");
    return row;
  };
  const change = (changes: Partial<Workspace>): void => {
    const row = workspace();
    workspaces.workspaces.set(WS, { ...row, ...changes, version: row.version + 1 });
  };

  /** Stores what PUT entitlement would store. */
  const put = (asked: AskedEntitlement): void => {
    const row = workspace();
    const settings = { plans, retention: DEFAULT_RETENTION };
    const next = withEntitlement(WS, row, asked, now, settings);
    workspaces.workspaces.set(WS, { ...next, version: row.version + 1 });
  };

  const putEntry = async (seen: Workspace, retentionInternal?: boolean): Promise<Entry> => {
    sequence++;
    const built = buildEntry(
      {
        workspace: WS,
        entry: `ent_${String(sequence).padStart(26, "0")}`,
        shard: 0,
        events: [1, 2].map((n) => ({
          category: "test",
          action: "recorded",
          actor: { type: "user", id: `usr_${n}` },
        })),
        requestHash: "",
        trace: undefined,
        keptDays: recordedDays(seen, plans, now),
        retentionInternal,
      },
      now,
      { eventTypePrefix: "pro.atmos", sourceBaseUrl: "https://app.example.com" },
    );
    if (!built.ok) throw new Error("refused");
    await entries.putEntry(built.entry);
    return built.entry;
  };

  /**
   * Ingests this many entries of two events, one minute apart, and journals them as one page this many milliseconds
   * later. `seen`: the workspace's row as the requests had read it.
   */
  const recordPage = async (
    count: number,
    laterMs: number,
    seen = workspace(),
    retentionInternal?: boolean,
  ): Promise<Entry[]> => {
    const recorded: Entry[] = [];
    const records: JournalRecord[] = [];
    for (let left = count; left > 0; left--) {
      const entry = await putEntry(seen, retentionInternal);
      recorded.push(entry);
      const position = streamPosition("label", String(sequence));
      records.push({ position, reference: referenceOf(entry) });
      if (left > 1) now += 60_000;
    }
    now += laterMs;
    await appendToJournal(WS, records, { journal, entries, clock: () => now });
    return recorded;
  };

  /** Ingests an entry of two events that fan-out cannot journal. */
  const quarantine = async (): Promise<Entry> => {
    const entry = await putEntry(workspace());
    const facts = { partition: entry.partition, entry: entry.entry, reason: "record" as const, at: "" };
    await quarantined.putRow({ label: "label", sequenceNumber: String(sequence), ...facts });
    return entry;
  };

  const redrive = async (): Promise<Redriven> =>
    redriveQuarantine({
      journal,
      entries,
      quarantine: quarantined,
      lanes: createInMemoryLanes(),
      wakeUps: createInMemoryWakeUps(),
      retention: { workspaces, plans, settings: DEFAULT_RETENTION, extendEntry: store.extendEntry },
      clock: () => now,
      log: createRecordedLog(),
      hasTime: () => true,
      isLasting: () => false,
    });

  const recordUpkeep = async (): Promise<void> => {
    if (options.records === true) await recordPage(1, 0, workspace(), true);
  };

  const purge = (turns: Turn = async () => {}): ReturnType<typeof runPurge> =>
    runPurge(WS, {
      journal: takeTurns(journal, turns),
      store: takeTurns(store, turns),
      workspaces: takeTurns({ readWorkspace: workspaces.readWorkspace }, turns),
      plans,
      settings: DEFAULT_RETENTION,
      clock: () => now,
      hasTime: () => true,
      pause: async (milliseconds) => void (paused += milliseconds),
      receiptClosed: async (receipt) => {
        const isNews = !closed.some(({ receipt: id }) => id === receipt.receipt);
        closed = [...closed.filter(({ receipt: id }) => id !== receipt.receipt), receipt];
        if (workspace().endedAt !== undefined) return "silent";
        if (isNews) await recordUpkeep();
        return "recorded";
      },
      retentionChanged: async (_workspace, { before, after }) => void changed.push({ before, after }),
      undeliveredExpiring: async (_workspace, destination, oldestAt) => {
        owed.push({ destination, oldestAt });
        await recordUpkeep();
      },
    });

  return {
    entries,
    journal,
    store,
    owed,
    /** Changes of the settings that were applied to the workspace. */
    changed,
    workspace,
    change,
    closed: () => closed,
    /** Milliseconds that purges have waited. */
    paused: () => paused,
    now: () => now,
    moveTo: (time: number) => void (now = time),
    /** Ingests and journals one entry of two events. */
    async record(): Promise<Entry> {
      const [entry] = await recordPage(1, 0);
      if (entry === undefined) throw new Error("nothing recorded");
      return entry;
    },
    recordPage,
    quarantine,
    redrive,
    put,
    changePlan: (plan: string): void => put({ plan }),
    /** Simulates TTL, which removes everything that expired at least `lateDays` ago. */
    expire(lateDays: number): void {
      for (const [key, entry] of entries.entries) {
        if (entry.expiresAt * 1000 + lateDays * DAY_MS <= now) entries.entries.delete(key);
      }
    },
    purge(crashAfterCalls = Number.POSITIVE_INFINITY): Promise<"finished" | "unfinished"> {
      crashIn = crashAfterCalls;
      return purge().finally(() => (crashIn = Number.POSITIVE_INFINITY));
    },
    /** A purge that waits for its turn before each of its calls. */
    purgeByTurns: purge,
    visibleSince: () => visibleSince(workspace(), plans, now),
  };
}
export type RetentionWorld = ReturnType<typeof createRetentionWorld>;
