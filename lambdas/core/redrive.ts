import { appendToJournal, type AppendDependencies } from "./append-journal.ts";
import { referenceOf } from "./build-entry.ts";
import type { Entry } from "./entry.ts";
import { ringsFor } from "./fan-out.ts";
import type { Log } from "./log.ts";
import { streamPosition } from "./page.ts";
import type { Quarantined, QuarantineStore } from "./quarantine.ts";
import type { LaneStore, RingQueue } from "./stores.ts";
import { isSound } from "./stream-record.ts";
import { workspaceOfPartition } from "./table-schema.ts";

export interface RedriveDependencies extends AppendDependencies {
  lanes: Pick<LaneStore, "lanesOf">;
  rings: RingQueue;
  quarantine: QuarantineStore;
  log: Log;
  hasTime(): boolean;
  isLasting(error: unknown): boolean;
}

/** What became of the rows; `unreadable` ones stay, `remaining` tells that time ran out before all were looked at. */
export interface Redriven {
  journalled: number;
  expired: number;
  unreadable: number;
  remaining: boolean;
}

const ROWS_A_PASS = 500;

/** Journals what is in quarantine, in the order of the stream, or closes the row of an entry that has expired or is gone. */
export async function redriveQuarantine(dependencies: RedriveDependencies): Promise<Redriven> {
  const redriven: Redriven = { journalled: 0, expired: 0, unreadable: 0, remaining: false };
  let next: string | undefined;
  do {
    const { rows, next: after } = await dependencies.quarantine.listRows(ROWS_A_PASS, next);
    for (const row of rows.toSorted(inStreamOrder)) {
      if (!dependencies.hasTime()) return { ...redriven, remaining: true };
      const outcome = await redriveRow(row, dependencies);
      redriven[outcome] += 1;
      dependencies.log.info("record.redriven", {
        entry: row.entry,
        sequenceNumber: row.sequenceNumber,
        outcome,
      });
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
  if (entry === undefined || hasExpired(entry, dependencies.clock())) return "expired";
  if (!isSound(entry)) return "unreadable";
  const record = { position: positionOf(row), reference: referenceOf(entry) };
  await appendToJournal(workspace, [record], dependencies);
  const rings = ringsFor(await dependencies.lanes.lanesOf(workspace), dependencies.clock());
  if (rings.length > 0) await dependencies.rings.ring(rings);
  return "journalled";
}

function hasExpired(entry: Entry, now: number): boolean {
  return entry.expiresAt * 1000 <= now;
}
