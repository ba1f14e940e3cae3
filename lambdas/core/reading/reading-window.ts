import type { Plans, Workspace } from "../workspace/entitlement.ts";
import { visibleSince } from "../workspace/retention.ts";
import { toTimestamp } from "../base/clock.ts";

/**
 * The part of the requested window that lies within retention: `since` inclusive, `until` exclusive, both timestamps of
 * record.
 */
export function windowOf(
  workspace: Workspace,
  plans: Plans,
  now: number,
  asked: { from?: string | undefined; to?: string | undefined },
): { since: string; until: string | undefined } {
  const visible = visibleSince(workspace, plans, now);
  const from = asked.from === undefined ? "" : toTimestamp(Date.parse(asked.from));
  return {
    since: from > visible ? from : visible,
    until: asked.to === undefined ? undefined : toTimestamp(Date.parse(asked.to)),
  };
}
