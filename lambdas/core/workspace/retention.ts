import * as z from "zod/mini";
import { toTimestamp } from "../base/clock.ts";
import type { Plans, RetentionHistory, Workspace } from "./entitlement.ts";

export const DAY_MS = 86_400_000;

/** Grace periods and look-aheads of retention, in days. */
export const retentionSettingsSchema = z.object({
  /** After a plan shrank, what falls out of the window is invisible at once and kept this long. */
  shrinkGraceDays: z.number(),
  /** After a workspace ended, its log is kept this long. */
  endGraceDays: z.number(),
  /** What would expire within this time is extended (a plan that grew) or made safe (a hold). */
  lookaheadDays: z.number(),
  /** Owners hear of undelivered events this long before they expire. */
  owedNoticeDays: z.number(),
});
export type RetentionSettings = z.infer<typeof retentionSettingsSchema>;

export const DEFAULT_RETENTION: RetentionSettings = {
  shrinkGraceDays: 7,
  endGraceDays: 30,
  lookaheadDays: 3,
  owedNoticeDays: 2,
};

/** Longest retention that a plan or an override may give: 10 years. */
export const MAX_RETENTION_DAYS = 3650;

type RetainedWorkspace = Pick<Workspace, "plan" | "retentionDays" | "endedAt" | "history" | "appliedDays">;

/** Days that the settings or an override give; `null` when the plan is not in the settings any more. */
export function retentionDaysOf(
  workspace: Pick<Workspace, "plan" | "retentionDays">,
  plans: Plans,
): number | null {
  return workspace.retentionDays ?? plans[workspace.plan]?.retentionDays ?? null;
}

/** Days in force: what `history` does not know of yet counts from the purge on that stores it. `null` as for `retentionDaysOf`. */
export function daysInForce(workspace: RetainedWorkspace, plans: Plans): number | null {
  const given = retentionDaysOf(workspace, plans);
  return given === null ? null : (workspace.appliedDays ?? given);
}

/**
 * Since when events are visible (a timestamp; earlier ones are expired whether or not they have been removed).
 * An ended workspace shows nothing; one whose plan is unknown keeps everything until the settings name the plan again.
 */
export function visibleSince(workspace: RetainedWorkspace, plans: Plans, now: number): string {
  if (workspace.endedAt !== undefined) return toTimestamp(now);
  const days = daysInForce(workspace, plans);
  const window = days === null ? "" : toTimestamp(now - days * DAY_MS);
  const floor = workspace.history?.floor ?? "";
  return window > floor ? window : floor;
}

/** Days that entries are kept in the table: longer than visible while the grace of a smaller plan lasts; `null`: for ever. */
export function keptDays(workspace: RetainedWorkspace, plans: Plans, now: number): number | null {
  const days = daysInForce(workspace, plans);
  const kept = workspace.history?.kept;
  if (days === null || kept === undefined || kept.until <= toTimestamp(now)) return days;
  return Math.max(days, kept.days);
}

/** No entry expires earlier than its page may be removed, nor before the day's purge has seen it: a hold or a larger plan may have come. */
const LEAST_KEPT_DAYS = 2;

/** Days that an entry recorded now is kept; `null`: for ever, as all is that is recorded under a hold, so that no job must come in time. */
export function recordedDays(
  workspace: RetainedWorkspace & Pick<Workspace, "hold">,
  plans: Plans,
  now: number,
): number | null {
  const days = workspace.hold === undefined ? keptDays(workspace, plans, now) : null;
  return days === null ? null : Math.max(days, LEAST_KEPT_DAYS);
}

/** The time that windows are counted from: that of an ended workspace stands still. */
function countedFrom({ endedAt }: RetainedWorkspace, now: number): number {
  return endedAt === undefined ? now : Math.min(now, Date.parse(endedAt));
}

/** Until when an ended workspace keeps its log (milliseconds); `undefined` while it goes on. */
export function endOfGrace(
  { endedAt }: Pick<Workspace, "endedAt">,
  { endGraceDays }: RetentionSettings,
): number | undefined {
  return endedAt === undefined ? undefined : Date.parse(endedAt) + endGraceDays * DAY_MS;
}

/**
 * What was recorded before this may be removed (a timestamp); `null` while nothing may.
 * An ended workspace keeps what was visible at its end for the grace period, then loses everything.
 */
export function removableBefore(
  workspace: RetainedWorkspace & Pick<Workspace, "hold">,
  plans: Plans,
  now: number,
  settings: RetentionSettings,
): string | null {
  if (workspace.hold !== undefined) return null;
  const end = endOfGrace(workspace, settings);
  if (end !== undefined && end <= now) return toTimestamp(now);
  const days = keptDays(workspace, plans, now);
  if (days === null) return null;
  const window = toTimestamp(countedFrom(workspace, now) - days * DAY_MS);
  const floor = workspace.history?.floor ?? "";
  return window > floor ? window : floor;
}

/** Expiry of an entry recorded now, in epoch seconds, rounded up so that the table never removes it early. */
export function expiryOf(recordedAt: string, days: number): number {
  return Math.ceil((Date.parse(recordedAt) + days * DAY_MS) / 1000);
}

/** Later than any retention: the expiry of an entry under hold (31 December 9999). */
export const NEVER_EXPIRES = 253_402_300_799;

/** A larger plan, or a hold, is asked of the purge at once; within this time it has extended what would expire. */
export const EXTENSION_MS = 3_600_000;

/** What to remember when a workspace's retention changes from `before` to `after` days at `now`. */
export function changeRetention(
  workspace: RetainedWorkspace,
  before: number,
  after: number,
  now: number,
  settings: RetentionSettings,
): RetentionHistory {
  const history = workspace.history ?? {};
  const keptNow =
    history.kept !== undefined && history.kept.until > toTimestamp(now) ? history.kept : undefined;
  const stored = Math.max(before, keptNow?.days ?? 0);
  // What is about to expire when a plan grows may be gone before it is extended, so it counts as expired.
  const extended = after > before ? EXTENSION_MS : 0;
  const removed = toTimestamp(countedFrom(workspace, now) - stored * DAY_MS + extended);
  const floor = history.floor !== undefined && history.floor > removed ? history.floor : removed;
  const shortest = Math.min(before, history.shortestDays ?? before);
  return {
    ...(after < stored && {
      kept: { days: stored, until: toTimestamp(now + settings.shrinkGraceDays * DAY_MS) },
    }),
    floor,
    ...((after > before || history.shortestDays !== undefined) && { shortestDays: shortest }),
  };
}
