import { toTimestamp } from "./clock.ts";
import type { Plans, Workspace } from "./entitlement.ts";
import { changeRetention, retentionDaysOf, type RetentionSettings } from "./retention.ts";
import { registryItem } from "./table-schema.ts";

/** What a workspace is to be entitled to. `hold` left out stays as it is. */
export interface AskedEntitlement {
  plan: string;
  retentionDays?: number | undefined;
  hold?: boolean | undefined;
}

/** Nothing would change. */
export function isSameEntitlement(row: Workspace, asked: AskedEntitlement): boolean {
  return (
    row.endedAt === undefined &&
    row.plan === asked.plan &&
    row.retentionDays === asked.retentionDays &&
    (asked.hold === undefined || asked.hold === (row.hold !== undefined))
  );
}

/**
 * A workspace's row with another entitlement at `now` (milliseconds), as it is to be written over `current`.
 * The plan must be one of `plans`. An ended workspace goes on with what is left of its log.
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
  const history = historyAfter(current, days, now, settings);
  return {
    workspace,
    item: registryItem.workspace,
    ...entitled,
    ...(hold !== undefined && { hold }),
    ...(history !== undefined && { history }),
    ...(days !== null && { appliedDays: days }),
    version: current?.version ?? 1,
    createdAt: current?.createdAt ?? at,
    updatedAt: at,
  };
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
