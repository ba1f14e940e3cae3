import type { Plans, RetentionHistory, Workspace } from "./entitlement.ts";
import { extendEnded, extendGrown, extendHeld } from "./purge-extension.ts";
import {
  endReceiptEarly,
  planEmptying,
  planReceipt,
  type RemovalDependencies,
  runReceipt,
} from "./purge-removal.ts";
import type { PurgeState } from "./purge-state.ts";
import {
  changeRetention,
  DAY_MS,
  endOfGrace,
  removableBefore,
  retentionDaysOf,
  type RetentionSettings,
} from "./retention.ts";
import type { WorkspaceReader } from "../stores.ts";

export interface PurgeDependencies extends RemovalDependencies {
  workspaces: WorkspaceReader;
  plans: Plans;
  settings: RetentionSettings;
  /** The settings gave the workspace's plan other days: an audit event, recorded once however often it is told. */
  retentionChanged(
    workspace: Workspace,
    change: { before: number; after: number; history: RetentionHistory },
  ): Promise<void>;
  /** Undelivered events are about to expire: an owner's event, recorded once a day however often this is called. */
  owedExpiring(workspace: string, destination: string, oldestAt: string): Promise<void>;
}

/**
 * Does what retention asks of one workspace today: extends, holds, removes by receipt. Idempotent; two at once take turns on the
 * state row. Each turn reads that row **before** the workspace: whoever saw the workspace before a hold then fails at its next claim.
 */
export async function runPurge(
  workspaceId: string,
  dependencies: PurgeDependencies,
): Promise<"finished" | "unfinished"> {
  await announceOwed(workspaceId, dependencies);
  while (dependencies.hasTime()) {
    const state = await dependencies.store.readState(workspaceId);
    const workspace = await dependencies.workspaces.readWorkspace(workspaceId);
    if (workspace === undefined) return "finished";
    const turn = await takeTurn(workspace, state, dependencies);
    if (turn === "finished") return "finished";
  }
  return "unfinished";
}

type Turn = "again" | "finished";

async function takeTurn(
  workspace: Workspace,
  state: PurgeState,
  dependencies: PurgeDependencies,
): Promise<Turn> {
  const now = dependencies.clock();
  if (await appliedChangedPlan(workspace, now, dependencies)) return "again";
  if (workspace.hold !== undefined) return hold(workspace, state, now, dependencies);
  if (state.frozen === true) {
    const { frozen: _frozen, heldThrough: _heldThrough, ...thawed } = state;
    await dependencies.store.replaceState(thawed);
    return "again";
  }
  const extend = workspace.endedAt === undefined ? extendGrown : extendEnded;
  const extension = await extend(workspace, state, now, dependencies);
  if (extension.kind === "extended") return "again";
  if (state.receipt !== undefined) {
    const goesOn = state.receipt.reason === "ended" && workspace.endedAt === undefined;
    const finish = goesOn ? endReceiptEarly : runReceipt;
    await finish(state, state.receipt, dependencies);
    return "again";
  }
  return removeNext(workspace, state, now, dependencies);
}

async function hold(
  workspace: Workspace,
  state: PurgeState,
  now: number,
  dependencies: PurgeDependencies,
): Promise<Turn> {
  if (state.frozen !== true) {
    await dependencies.store.replaceState({ ...state, frozen: true });
    return "again";
  }
  if (state.receipt !== undefined) {
    await endReceiptEarly(state, state.receipt, dependencies);
    return "again";
  }
  const extension = await extendHeld(workspace, state, now, dependencies);
  if (extension.kind === "extended") return "again";
  if (workspace.hold === "pending") await dependencies.store.confirmHold(workspace.workspace);
  return "finished";
}

async function removeNext(
  workspace: Workspace,
  state: PurgeState,
  now: number,
  dependencies: PurgeDependencies,
): Promise<Turn> {
  const before = removableBefore(workspace, dependencies.plans, now, dependencies.settings);
  if (before === null) return "finished";
  const end = endOfGrace(workspace, dependencies.settings);
  const isOver = end !== undefined && end <= now;
  const planned =
    (await planReceipt(state, isOver ? "ended" : "retention", before, dependencies)) ??
    (isOver ? await planEmptying(state, before, dependencies) : null);
  if (planned === null) return "finished";
  if (planned.state !== "stale") {
    await runReceipt(planned.state, planned.receipt, dependencies, planned.pages);
  }
  return "again";
}

/** Whether the settings gave the workspace's plan another retention since the last look, which is stored first. */
async function appliedChangedPlan(
  workspace: Workspace,
  now: number,
  { plans, settings, store, retentionChanged }: PurgeDependencies,
): Promise<boolean> {
  const days = retentionDaysOf(workspace, plans);
  const applied = workspace.appliedDays;
  if (days === null || applied === undefined || applied === days) return false;
  const history = changeRetention(workspace, applied, days, now, settings);
  // Told first: what is stored is never looked at again.
  await retentionChanged(workspace, { before: applied, after: days, history });
  await store.applyRetention(workspace, history, days);
  return true;
}

async function announceOwed(workspaceId: string, dependencies: PurgeDependencies): Promise<void> {
  const { journal, plans, settings, store, workspaces, clock } = dependencies;
  const workspace = await workspaces.readWorkspace(workspaceId);
  if (workspace === undefined || workspace.endedAt !== undefined) return;
  const soon = removableBefore(workspace, plans, clock() + settings.owedNoticeDays * DAY_MS, settings);
  if (soon === null) return;
  const lanes = await store.lanePositions(workspaceId);
  for (const { destination, cursor } of lanes.filter(
    ({ lane, status }) => lane === "live" && status !== "ended",
  )) {
    const [page] = await journal.readPagesFrom(workspaceId, cursor.page, 1);
    const oldest = page?.entries.find(({ recordedAt }) => recordedAt < soon);
    if (oldest !== undefined) await dependencies.owedExpiring(workspaceId, destination, oldest.recordedAt);
  }
}
