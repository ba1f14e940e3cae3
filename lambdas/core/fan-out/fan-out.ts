import { appendToJournal, type AppendDependencies } from "../journal/append-journal.ts";
import { forEachAtMost } from "../base/at-most.ts";
import { toTimestamp } from "../base/clock.ts";
import type { JournalRecord } from "../journal/find-in-journal.ts";
import { waitOf } from "../lane/schedule.ts";
import type { Lane } from "../lane/state.ts";
import { type WakeUp, wakeUpOf } from "../lane/wake-up.ts";
import { eventsPartition } from "../base/table-schema.ts";
import type { Log, Metrics } from "../base/log.ts";
import { METRIC } from "../base/metric-names.ts";
import { logFieldsOf, type Quarantined, type QuarantineStore } from "./quarantine.ts";
import type { LaneStore, WakeUpQueue } from "../lane/lane-store.ts";
import type { ReadRecord, StreamPlace } from "./stream-record.ts";

export interface FanOutDependencies extends AppendDependencies {
  lanes: Pick<LaneStore, "lanesOf">;
  wakeUps: WakeUpQueue;
  quarantine: Pick<QuarantineStore, "putRow">;
  log: Log;
  metrics: Metrics;
  /** Whether an error is caused by the stored data itself, so that retrying cannot help. Other errors are retried. */
  isLasting(error: unknown): boolean;
}

/** The records of one workspace in a batch, in stream order; `first` is the index of the first in the batch. */
interface WorkspaceRecords {
  workspace: string;
  first: number;
  records: JournalRecord[];
  places: StreamPlace[];
}

const WORKSPACES_AT_ONCE = 8;

/**
 * Appends a batch of stream records to the journals and sends wake-ups to the lanes. Returns the index of the first
 * record to deliver again, or `undefined` if the whole batch was processed.
 */
export async function fanOut(
  batch: readonly ReadRecord[],
  dependencies: FanOutDependencies,
): Promise<number | undefined> {
  const failed: number[] = [];
  const wakeUps: WakeUp[] = [];
  await forEachAtMost(batch.entries(), WORKSPACES_AT_ONCE, async ([index, record]) => {
    if (!record.ok && !(await setAside(record, dependencies))) failed.push(index);
  });
  const workspaces = byWorkspace(batch);
  await forEachAtMost(workspaces, WORKSPACES_AT_ONCE, async (group) => {
    const woken = await journalGroup(group, dependencies);
    if (woken === undefined) failed.push(group.first);
    else wakeUps.push(...woken);
  });
  const [first] = workspaces;
  if (first !== undefined && !(await allSent(wakeUps, dependencies))) failed.push(first.first);
  return failed.length === 0 ? undefined : Math.min(...failed);
}

function byWorkspace(batch: readonly ReadRecord[]): WorkspaceRecords[] {
  const groups = new Map<string, WorkspaceRecords>();
  for (const [first, read] of batch.entries()) {
    if (!read.ok) continue;
    const { workspace, record, label, sequenceNumber } = read;
    const group = groups.get(workspace) ?? { workspace, first, records: [], places: [] };
    groups.set(workspace, group);
    group.records.push(record);
    group.places.push({ label, sequenceNumber });
  }
  return [...groups.values()];
}

/**
 * Journals the records of one workspace and returns the wake-ups for its lanes. They are sent even if no record was
 * new, because an earlier invocation may have ended before it sent them.
 */
async function journalGroup(
  group: WorkspaceRecords,
  dependencies: FanOutDependencies,
): Promise<WakeUp[] | undefined> {
  const { workspace, records } = group;
  const { lanes, log, metrics } = dependencies;
  try {
    const { pages, events } = await appendToJournal(workspace, records, dependencies);
    if (pages > 0) {
      metrics.count(METRIC.pagesWritten, pages);
      log.info("journal.appended", { workspace, count: events });
    }
    return wakeUpsFor(await lanes.lanesOf(workspace), dependencies.clock());
  } catch (error) {
    log.error("journal.failed", { workspace, count: records.length }, error);
    if (!dependencies.isLasting(error)) return undefined;
    return (await setAsideAll(group, error, dependencies)) ? [] : undefined;
  }
}

/**
 * Wake-ups for the live lanes, except those that wait for a retry: a postponed wake-up or the sweep wakes these in
 * time.
 */
export function wakeUpsFor(lanes: readonly Lane[], now: number): WakeUp[] {
  return lanes
    .filter(
      (lane) => lane.role.kind === "live" && lane.status.kind === "live" && waitOf(lane, now) === undefined,
    )
    .map(wakeUpOf);
}

async function allSent(
  wakeUps: readonly WakeUp[],
  { wakeUps: queue, log }: FanOutDependencies,
): Promise<boolean> {
  if (wakeUps.length === 0) return true;
  try {
    await queue.send(wakeUps);
    return true;
  } catch (error) {
    log.error("wake-ups.failed", { count: wakeUps.length }, error);
    return false;
  }
}

type UnreadRecord = Extract<ReadRecord, { ok: false }>;

async function setAside(record: UnreadRecord, dependencies: FanOutDependencies): Promise<boolean> {
  const { ok: _ok, ...place } = record;
  return putRow({ ...place, reason: "record", at: toTimestamp(dependencies.clock()) }, dependencies);
}

/**
 * The workspace's journal itself is unreadable. Its records go to quarantine, so that the shard continues for all other
 * workspaces.
 */
async function setAsideAll(
  group: WorkspaceRecords,
  cause: unknown,
  dependencies: FanOutDependencies,
): Promise<boolean> {
  const at = toTimestamp(dependencies.clock());
  for (const [index, place] of group.places.entries()) {
    const reference = group.records[index]?.reference;
    if (reference === undefined) continue;
    const partition = eventsPartition(group.workspace, reference.shard);
    const row: Quarantined = { ...place, partition, entry: reference.entry, reason: "journal", at };
    if (!(await putRow(row, dependencies, cause))) return false;
  }
  return true;
}

/** Writes a record to quarantine. `cause` is the error, unless the record itself has the wrong shape. */
async function putRow(
  row: Quarantined,
  { quarantine, log, metrics }: FanOutDependencies,
  cause?: unknown,
): Promise<boolean> {
  try {
    await quarantine.putRow(row);
    metrics.count(METRIC.recordsQuarantined);
    log.error("record.quarantined", { ...logFieldsOf(row), rule: row.reason }, cause);
    return true;
  } catch (error) {
    log.error("quarantine.failed", logFieldsOf(row), error);
    return false;
  }
}
