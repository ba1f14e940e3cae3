import { toTimestamp } from "../base/clock.ts";
import type { Plans, Workspace } from "../workspace/entitlement.ts";
import {
  changeRetention,
  endOfGrace,
  retentionDaysOf,
  type RetentionSettings,
} from "../workspace/retention.ts";
import { registryItem } from "../base/table-schema.ts";

/** The requested entitlement. Without `hold`, the legal hold stays as it is. */
export interface AskedEntitlement {
  plan: string;
  retentionDays?: number | undefined;
  hold?: boolean | undefined;
}

/** Whether the request would change nothing. */
export function isSameEntitlement(row: Workspace, asked: AskedEntitlement): boolean {
  return (
    row.endedAt === undefined &&
    row.plan === asked.plan &&
    row.retentionDays === asked.retentionDays &&
    (asked.hold === undefined || asked.hold === (row.hold !== undefined))
  );
}

/**
 * The workspace's row with another entitlement at `now` (milliseconds), to be written over `current`. The plan must be
 * one of `plans`. An ended workspace is revived with what is left of its log.
 */
export function withEntitlement(
  workspace: string,
  current: Workspace | undefined,
  asked: AskedEntitlement,
  now: number,
  settings: { plans: Plans; retention: RetentionSettings },
): Workspace {
  const at = toTimestamp(now);
  const { plan, retentionDays } = asked;
  const entitled = { plan, ...(retentionDays !== undefined && { retentionDays }) };
  const days = retentionDaysOf(entitled, settings.plans);
  const hold = heldAfter(current, asked);
  const changed = historyAfter(current, days, now, settings);
  const history = revived(current, changed, now, settings.retention);
  return {
    workspace,
    item: registryItem.workspace,
    ...entitled,
    ...(hold !== undefined && { hold, heldSince: current?.heldSince ?? at }),
    ...(history !== undefined && { history }),
    ...(days !== null && { appliedDays: days }),
    version: current?.version ?? 1,
    createdAt: current?.createdAt ?? at,
    updatedAt: at,
  };
}

/**
 * Revives an ended workspace. After its grace period anything may have been removed, so that everything recorded before
 * counts as expired. A legal hold cannot begin on an ended workspace, so one that exists began before the end.
 */
function revived(
  current: Workspace | undefined,
  history: Workspace["history"],
  now: number,
  settings: RetentionSettings,
): Workspace["history"] {
  const end = current === undefined ? undefined : endOfGrace(current, settings);
  if (end === undefined || end > now || current?.hold !== undefined) return history;
  return { ...history, floor: toTimestamp(now) };
}

function heldAfter(current: Workspace | undefined, { hold }: AskedEntitlement): Workspace["hold"] {
  if (hold === undefined) return current?.hold;
  return hold ? (current?.hold ?? "pending") : undefined;
}

function historyAfter(
  current: Workspace | undefined,
  after: number | null,
  now: number,
  { plans, retention }: { plans: Plans; retention: RetentionSettings },
): Workspace["history"] {
  if (current === undefined) return undefined;
  const before = current.appliedDays ?? retentionDaysOf(current, plans);
  if (before === null || after === null || before === after) return current.history;
  return changeRetention(current, before, after, now, retention);
}
