import type { LanePosition } from "../../lambdas/core/lane/row-schema.ts";
import type { Workspace } from "../../lambdas/core/workspace/entitlement.ts";
import type { Receipt } from "../../lambdas/core/retention/receipt.ts";
import { newPurgeState, type PurgeState, type PurgeStore } from "../../lambdas/core/retention/purge-state.ts";
import type { RedriveDependencies } from "../../lambdas/core/fan-out/redrive.ts";
import { DEFAULT_RETENTION } from "../../lambdas/core/workspace/retention.ts";
import type { WorkspaceReader } from "../../lambdas/core/workspace/workspace-store.ts";
import {
  createInMemoryJournal,
  createInMemoryWorkspaces,
  type InMemoryEntries,
  type InMemoryJournal,
  type InMemoryWorkspaces,
  type Turn,
  workspaceRow,
} from "./in-memory-stores.ts";
import { PLANS } from "./sample-events.ts";

export interface InMemoryPurge extends PurgeStore {
  states: Map<string, PurgeState>;
  receipts: Map<string, Receipt>;
  lanes: LanePosition[];
}

/** What a redrive needs from retention. Workspaces are on the plan `enterprise` unless their rows are given. */
export function createInMemoryRetention(
  entries: InMemoryEntries,
  workspaces: WorkspaceReader = {
    readWorkspace: async (workspace) => workspaceRow(workspace),
  },
): RedriveDependencies["retention"] {
  const { extendEntry } = createInMemoryPurge({
    entries,
    journal: createInMemoryJournal(),
    workspaces: createInMemoryWorkspaces(),
  });
  return { workspaces, plans: PLANS, settings: DEFAULT_RETENTION, extendEntry };
}

/**
 * The purge's store over the in-memory tables. `turn` is awaited before every call and may throw to make the caller
 * crash there.
 */
export function createInMemoryPurge(
  {
    entries,
    journal,
    workspaces,
  }: { entries: InMemoryEntries; journal: InMemoryJournal; workspaces: InMemoryWorkspaces },
  turn: Turn = async () => {},
): InMemoryPurge {
  const states = new Map<string, PurgeState>();
  const receipts = new Map<string, Receipt>();
  const lanes: LanePosition[] = [];
  const update = (id: string, change: (row: Workspace) => Workspace): void => {
    const row = workspaces.workspaces.get(id);
    if (row !== undefined) workspaces.workspaces.set(id, { ...change(row), version: row.version + 1 });
  };
  return {
    states,
    receipts,
    lanes,
    readState: async (workspace) => {
      await turn("readState");
      return structuredClone(states.get(workspace) ?? newPurgeState(workspace));
    },
    replaceState: async (state) => {
      await turn("replaceState");
      if ((states.get(state.workspace)?.version ?? 0) !== state.version) return "stale";
      const stored = { ...structuredClone(state), version: state.version + 1 };
      states.set(state.workspace, stored);
      return structuredClone(stored);
    },
    putReceipt: async (receipt) => {
      await turn("putReceipt");
      if (receipts.get(receipt.receipt)?.state !== "closed") receipts.set(receipt.receipt, receipt);
    },
    dropReceipt: async ({ receipt }) => {
      await turn("dropReceipt");
      receipts.delete(receipt);
    },
    removeEntries: async (workspace, references) => {
      for (const { entry, recordedAt } of references) {
        await turn("removeEntry");
        const key = `${workspace}/${entry}`;
        if (entries.entries.get(key)?.recordedAt === recordedAt) entries.entries.delete(key);
      }
      return references.length;
    },
    removePage: async (workspace, page) => {
      await turn("removePage");
      journal.remove(workspace, page);
      return 1;
    },
    extendEntry: async (workspace, { entry, recordedAt }, expiresAt) => {
      await turn("extendEntry");
      const row = entries.entries.get(`${workspace}/${entry}`);
      if (row?.recordedAt === recordedAt && row.expiresAt < expiresAt) row.expiresAt = expiresAt;
      return 1;
    },
    lanePositions: async () => lanes,
    applyRetention: async ({ workspace, version }, history, days) => {
      await turn("applyRetention");
      if (workspaces.workspaces.get(workspace)?.version !== version) return;
      update(workspace, (row) => ({ ...row, history, appliedDays: days }));
    },
    confirmHold: async (workspace) => {
      await turn("confirmHold");
      if (workspaces.workspaces.get(workspace)?.hold !== "pending") return;
      update(workspace, (row) => ({ ...row, hold: "held" }));
    },
  };
}
