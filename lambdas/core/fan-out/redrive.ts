import { toTimestamp } from "../base/clock.ts";
import { appendToJournal, type AppendDependencies } from "../journal/append-journal.ts";
import { referenceOf } from "../entry/build-entry.ts";
import type { Plans } from "../workspace/entitlement.ts";
import type { Entry } from "../entry/entry.ts";
import { wakeUpsFor } from "./fan-out.ts";
import type { Log } from "../base/log.ts";
import { streamPosition } from "../journal/page.ts";
import { logFieldsOf, type Quarantined, type QuarantineStore } from "./quarantine.ts";
import type { ExtendEntry } from "../entry/entry-store.ts";
import {
  expiryOf,
  NEVER_EXPIRES,
  recordedDays,
  removableBefore,
  type RetentionSettings,
} from "../workspace/retention.ts";
import type { LaneStore, WakeUpQueue } from "../lane/lane-store.ts";
import type { WorkspaceReader } from "../workspace/workspace-store.ts";
import { isSound } from "./stream-record.ts";
import { workspaceOfPartition } from "../base/table-schema.ts";

export interface RedriveDependencies extends AppendDependencies {
  lanes: Pick<LaneStore, "lanesOf">;
  wakeUps: WakeUpQueue;
  quarantine: QuarantineStore;
  log: Log;
  retention: {
    workspaces: WorkspaceReader;
    plans: Plans;
    settings: RetentionSettings;
    extendEntry: ExtendEntry;
  };
  hasTime(): boolean;
  isLasting(error: unknown): boolean;
}

/**
 * Number of rows by outcome. `unreadable` rows stay in quarantine; `remaining` is true if time ran out before all rows
 * were processed.
 */
export interface Redriven {
  journalled: number;
  expired: number;
  unreadable: number;
  remaining: boolean;
}

const ROWS_A_PASS = 500;

/**
 * Journals the records in quarantine in stream order. A row whose entry has expired or is gone is closed without being
 * journalled.
 */
export async function redriveQuarantine(dependencies: RedriveDependencies): Promise<Redriven> {
  const redriven: Redriven = { journalled: 0, expired: 0, unreadable: 0, remaining: false };
  let next: string | undefined;
  do {
    const { rows, next: after } = await dependencies.quarantine.listRows(ROWS_A_PASS, next);
    for (const row of rows.toSorted(inStreamOrder)) {
      if (!dependencies.hasTime()) return { ...redriven, remaining: true };
      const outcome = await redriveRow(row, dependencies);
      redriven[outcome] += 1;
      dependencies.log.info("record.redriven", { ...logFieldsOf(row), outcome });
    }
    next = after;
  } while (next !== undefined);
  return redriven;
}

function inStreamOrder(a: Quarantined, b: Quarantined): number {
  const [before, after] = [positionOf(a), positionOf(b)];
  return before < after ? -1 : Number(before > after);
}

function positionOf({ label, sequenceNumber }: Quarantined): string {
  return streamPosition(label, sequenceNumber);
}

async function redriveRow(
  row: Quarantined,
  dependencies: RedriveDependencies,
): Promise<"journalled" | "expired" | "unreadable"> {
  try {
    const outcome = await journalRow(row, dependencies);
    if (outcome !== "unreadable") await dependencies.quarantine.closeRow(row);
    return outcome;
  } catch (error) {
    if (dependencies.isLasting(error)) return "unreadable";
    throw error;
  }
}

async function journalRow(
  row: Quarantined,
  dependencies: RedriveDependencies,
): Promise<"journalled" | "expired" | "unreadable"> {
  const { workspace, shard } = workspaceOfPartition(row.partition);
  if (row.entry === "" || row.partition === "") return "unreadable";
  const found = await dependencies.entries.readEntries(workspace, [{ entry: row.entry, shard }]);
  const entry = found.get(row.entry);
  if (entry === undefined) return "expired";
  const kept = await keep(workspace, entry, dependencies);
  if (kept === "expired") return "expired";
  if (!isSound(kept)) return "unreadable";
  const record = { position: positionOf(row), reference: referenceOf(kept) };
  await appendToJournal(workspace, [record], dependencies);
  const wakeUps = wakeUpsFor(await dependencies.lanes.lanesOf(workspace), dependencies.clock());
  if (wakeUps.length > 0) await dependencies.wakeUps.send(wakeUps);
  return "journalled";
}

/**
 * Extends the expiry of an entry that is journalled late, as if it had been recorded now. The purge extends expiries
 * from the oldest page up to the first page that needs none, and would miss it otherwise. The entry is still shown by
 * its time of record and removed with its page. An entry that may be removed by now has expired, whatever its stored
 * expiry says.
 */
async function keep(
  workspaceId: string,
  entry: Entry,
  { entries, retention, clock }: RedriveDependencies,
): Promise<Entry | "expired"> {
  const { workspaces, plans, settings, extendEntry } = retention;
  const workspace = await workspaces.readWorkspace(workspaceId);
  if (workspace === undefined) return entry;
  const now = clock();
  const before = removableBefore(workspace, plans, now, settings);
  // An entry that a legal hold excluded from TTL is only removed together with its page.
  if (before !== null && entry.recordedAt < before)
    return entry.expiresAt === NEVER_EXPIRES ? entry : "expired";
  const days = recordedDays(workspace, plans, now);
  const expiresAt = days === null ? NEVER_EXPIRES : expiryOf(toTimestamp(now), days);
  if (expiresAt <= entry.expiresAt) return entry;
  await extendEntry(workspaceId, entry, expiresAt);
  // TTL may have removed the entry before its expiry was extended.
  return (await entries.readEntries(workspaceId, [entry])).get(entry.entry) ?? "expired";
}
