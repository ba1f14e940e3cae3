import type { Plans, RetentionHistory, Workspace } from "../workspace/entitlement.ts";
import { extendEnded, extendGrown, extendHeld } from "./purge-extension.ts";
import { announceUndelivered, type UndeliveredDependencies } from "./announce-undelivered.ts";
import { duePages, mayWait } from "./due-pages.ts";
import {
  closeReceipt,
  endReceiptEarly,
  extendRemoval,
  isSwept,
  planEmptying,
  type PlannedRemoval,
  planReceipt,
  recordClosed,
  type RemovalDependencies,
  removePages,
} from "./purge-removal.ts";
import type { PurgeState } from "./purge-state.ts";
import type { Receipt } from "./receipt.ts";
import {
  changeRetention,
  endOfGrace,
  removableBefore,
  retentionDaysOf,
  type RetentionSettings,
} from "../workspace/retention.ts";
import type { WorkspaceReader } from "../workspace/workspace-store.ts";

export interface PurgeDependencies
  extends RemovalDependencies, Pick<UndeliveredDependencies, "undeliveredExpiring"> {
  workspaces: WorkspaceReader;
  plans: Plans;
  settings: RetentionSettings;
  /**
   * Records that the settings changed the retention of the workspace's plan; recorded once however often it is called.
   */
  retentionChanged(
    workspace: Workspace,
    change: { before: number; after: number; history: RetentionHistory },
  ): Promise<void>;
}

/**
 * Does what retention requires of one workspace today: extends expiries, applies legal holds, removes pages with
 * receipts. Idempotent; concurrent runs take turns by the version of the state row. Each turn reads that row **before**
 * the workspace, so that a run that saw the workspace before a hold fails at its next claim.
 */
export async function runPurge(
  workspaceId: string,
  dependencies: PurgeDependencies,
): Promise<"finished" | "unfinished"> {
  let isAnnounced = false;
  while (dependencies.hasTime()) {
    const state = await dependencies.store.readState(workspaceId);
    const workspace = await dependencies.workspaces.readWorkspace(workspaceId);
    if (workspace === undefined) return "finished";
    const now = dependencies.clock();
    if (await appliedChangedPlan(workspace, now, dependencies)) continue;
    // Which events are about to expire depends on what was just applied.
    if (!isAnnounced) await announceUndelivered(workspaceId, dependencies);
    isAnnounced = true;
    const turn = await takeTurn(workspace, state, now, dependencies);
    if (turn === "finished") return "finished";
  }
  return "unfinished";
}

type Turn = "again" | "finished";

async function takeTurn(
  workspace: Workspace,
  state: PurgeState,
  now: number,
  dependencies: PurgeDependencies,
): Promise<Turn> {
  if (workspace.hold !== undefined) return hold(workspace, state, now, dependencies);
  if (state.frozen === true) {
    const { frozen: _frozen, heldThrough: _heldThrough, ...thawed } = state;
    await dependencies.store.replaceState(thawed);
    return "again";
  }
  const extend = workspace.endedAt === undefined ? extendGrown : extendEnded;
  const extension = await extend(workspace, state, now, dependencies);
  if (extension.kind === "extended") return "again";
  if (state.receipt !== undefined) return goOn(workspace, state, state.receipt, now, dependencies);
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

/** The next step of the removal in progress: removes its pages, extends it, or closes it. */
async function goOn(
  workspace: Workspace,
  state: PurgeState,
  receipt: Receipt,
  now: number,
  dependencies: PurgeDependencies,
): Promise<Turn> {
  if (receipt.state === "closed") await recordClosed(state, receipt, dependencies);
  else if (receipt.reason === "ended" && workspace.endedAt === undefined)
    await endReceiptEarly(state, receipt, dependencies);
  else if (isSwept(state, receipt)) return extendOrClose(workspace, state, receipt, now, dependencies);
  else await removePages(state, receipt, dependencies);
  return "again";
}

async function extendOrClose(
  workspace: Workspace,
  state: PurgeState,
  receipt: Receipt,
  now: number,
  dependencies: PurgeDependencies,
): Promise<Turn> {
  const due = whatIsDue(workspace, now, dependencies);
  const goesOn = receipt.reason === due?.reason && receipt.keepsPage !== true;
  const more = goesOn ? await extendRemoval(state, receipt, due.removedBefore, dependencies) : null;
  if (more !== null) return begin(more, dependencies);
  await closeReceipt(state, receipt, dependencies);
  // Nothing else is due. Pages that become due at this very moment are left to the next run's receipt.
  return goesOn && due.reason === "retention" ? "finished" : "again";
}

async function removeNext(
  workspace: Workspace,
  state: PurgeState,
  now: number,
  dependencies: PurgeDependencies,
): Promise<Turn> {
  const due = whatIsDue(workspace, now, dependencies);
  if (due === null) return "finished";
  const { reason, removedBefore } = due;
  const [first, ...rest] = await duePages(workspace.workspace, 0, removedBefore, dependencies);
  if (first !== undefined && (reason === "ended" || !mayWait([first, ...rest], state.lastReceiptAt, now)))
    return begin(await planReceipt(state, [first, ...rest], due, dependencies), dependencies);
  const emptying = reason === "ended" ? await planEmptying(state, removedBefore, dependencies) : null;
  return emptying === null ? "finished" : begin(emptying, dependencies);
}

async function begin(
  { state, receipt, pages }: PlannedRemoval,
  dependencies: PurgeDependencies,
): Promise<Turn> {
  if (state !== "stale") await removePages(state, receipt, dependencies, pages);
  return "again";
}

function whatIsDue(
  workspace: Workspace,
  now: number,
  { plans, settings }: PurgeDependencies,
): Pick<Receipt, "reason" | "removedBefore"> | null {
  const removedBefore = removableBefore(workspace, plans, now, settings);
  if (removedBefore === null) return null;
  const end = endOfGrace(workspace, settings);
  return { removedBefore, reason: end !== undefined && end <= now ? "ended" : "retention" };
}

/**
 * Whether the settings changed the retention of the workspace's plan since the last run; the change is stored first. An
 * ended workspace keeps its log as it was at its end; the PUT that revives it compares the two values.
 */
async function appliedChangedPlan(
  workspace: Workspace,
  now: number,
  { plans, settings, store, retentionChanged }: PurgeDependencies,
): Promise<boolean> {
  if (workspace.endedAt !== undefined) return false;
  const days = retentionDaysOf(workspace, plans);
  const applied = workspace.appliedDays;
  if (days === null || applied === undefined || applied === days) return false;
  const history = changeRetention(workspace, applied, days, now, settings);
  // Recorded before it is stored: once stored, the change is never noticed again.
  await retentionChanged(workspace, { before: applied, after: days, history });
  await store.applyRetention(workspace, history, days);
  return true;
}
