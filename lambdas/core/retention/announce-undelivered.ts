import type { Clock } from "../base/clock.ts";
import type { Plans } from "../workspace/entitlement.ts";
import type { Position } from "../journal/page.ts";
import type { PurgeStore } from "./purge-state.ts";
import { DAY_MS, removableBefore, type RetentionSettings } from "../workspace/retention.ts";
import type { WorkspaceReader } from "../workspace/workspace-store.ts";
import type { JournalStore } from "../journal/journal-store.ts";
import { LIVE_LANE } from "../base/table-schema.ts";

export interface UndeliveredDependencies {
  journal: Pick<JournalStore, "readPagesFrom">;
  store: Pick<PurgeStore, "lanePositions">;
  workspaces: WorkspaceReader;
  plans: Plans;
  settings: RetentionSettings;
  clock: Clock;
  /** Notifies the owner that undelivered events are about to expire; recorded once a day however often it is called. */
  undeliveredExpiring(workspace: string, destination: string, oldestAt: string): Promise<void>;
}

const PAGES_A_READ = 10;
/**
 * A workspace gets at most a few pages of retention-internal events a day, and only those that are about to expire are
 * read.
 */
const READS_MAX = 10;

/** Notifies the owner of each destination that has not taken events which are about to expire. */
export async function announceUndelivered(
  workspaceId: string,
  dependencies: UndeliveredDependencies,
): Promise<void> {
  const { plans, settings, store, workspaces, clock } = dependencies;
  const workspace = await workspaces.readWorkspace(workspaceId);
  if (workspace === undefined || workspace.endedAt !== undefined) return;
  const soon = removableBefore(workspace, plans, clock() + settings.owedNoticeDays * DAY_MS, settings);
  if (soon === null) return;
  const lanes = await store.lanePositions(workspaceId);
  for (const { destination, cursor } of lanes.filter(
    ({ lane, status }) => lane === LIVE_LANE && status !== "ended",
  )) {
    const oldestAt = await oldestExpiring(workspaceId, cursor, soon, dependencies);
    if (oldestAt !== undefined) await dependencies.undeliveredExpiring(workspaceId, destination, oldestAt);
  }
}

/**
 * When the oldest undelivered event was recorded that expires before `soon`; `undefined` if there is none.
 * Retention-internal events do not count, since a notice about a notice would cause the next one.
 */
async function oldestExpiring(
  workspace: string,
  cursor: Position,
  soon: string,
  { journal }: Pick<UndeliveredDependencies, "journal">,
): Promise<string | undefined> {
  let from = cursor.page;
  for (let reads = 0; reads < READS_MAX; reads++) {
    const pages = await journal.readPagesFrom(workspace, from, reads === 0 ? 1 : PAGES_A_READ);
    for (const page of pages) {
      const expiring = page.entries.filter(({ recordedAt }) => recordedAt < soon);
      const oldest = expiring.find(({ retentionInternal }) => retentionInternal !== true);
      if (oldest !== undefined || expiring.length === 0) return oldest?.recordedAt;
    }
    const last = pages.at(-1);
    if (last === undefined) return undefined;
    from = last.page + 1;
  }
  return undefined;
}
