import type { Plans, Workspace } from "../workspace/entitlement.ts";
import { visibleSince } from "../workspace/retention.ts";
import { LAST_TIME, toTimestamp } from "../base/clock.ts";

/**
 * The journal is in the order of record, except that posts at the same time may pass each other by as long as a request takes
 * (API Gateway ends one after 30 s). Windows are looked up this much later than asked, and then cut exactly.
 */
const DISORDER_MS = 60_000;

/** What of the asked window is within retention: `since` inclusive, `until` exclusive, both timestamps of record. */
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

/** Nothing that was recorded before `time` lies behind the first page with an entry of this time of record. */
export function searchFrom(time: string): string {
  return toTimestamp(Math.min(Date.parse(time) + DISORDER_MS, LAST_TIME));
}
