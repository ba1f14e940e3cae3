import * as z from "zod/mini";
import { toTimestamp } from "../base/clock.ts";
import type { Plans, RetentionHistory, Workspace } from "./entitlement.ts";

export const DAY_MS = 86_400_000;

/** Grace periods and look-ahead times of retention, in days. */
export const retentionSettingsSchema = z.object({
  /** After the retention shrank, older events become invisible at once and stay stored for this long. */
  shrinkGraceDays: z.number(),
  /** How long the log of an ended workspace stays stored. */
  endGraceDays: z.number(),
  /**
   * Entries that would expire within this time have their expiry extended after the retention grew or a legal hold
   * began.
   */
  lookaheadDays: z.number(),
  /** How long before undelivered events expire the owner is notified. */
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

/** Retention in days by the override or the plan; `null` if the settings no longer have the plan. */
export function retentionDaysOf(
  workspace: Pick<Workspace, "plan" | "retentionDays">,
  plans: Plans,
): number | null {
  return workspace.retentionDays ?? plans[workspace.plan]?.retentionDays ?? null;
}

/**
 * Retention in days that applies now. A change in the settings applies once a purge has stored it in `history`. `null`
 * as for `retentionDaysOf`.
 */
export function daysInForce(workspace: RetainedWorkspace, plans: Plans): number | null {
  const given = retentionDaysOf(workspace, plans);
  return given === null ? null : (workspace.appliedDays ?? given);
}

/**
 * The timestamp from which events are visible. Earlier events are expired, whether or not they have been removed. An
 * ended workspace shows nothing; a workspace whose plan the settings do not have keeps everything until they do again.
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

/**
 * An entry must not expire before its page may be removed, nor before the next daily purge, which a legal hold or a
 * larger plan relies on.
 */
const LEAST_KEPT_DAYS = 2;

/**
 * Days that an entry recorded now stays stored; `null` means for ever. Entries recorded under a legal hold are stored
 * for ever from the start, so that no job has to extend them in time.
 */
export function recordedDays(
  workspace: RetainedWorkspace & Pick<Workspace, "hold">,
  plans: Plans,
  now: number,
): number | null {
  const days = workspace.hold === undefined ? keptDays(workspace, plans, now) : null;
  return days === null ? null : Math.max(days, LEAST_KEPT_DAYS);
}

/** The time that retention counts back from. For an ended workspace it is the time of its end. */
function countedFrom({ endedAt }: RetainedWorkspace, now: number): number {
  return endedAt === undefined ? now : Math.min(now, Date.parse(endedAt));
}

/**
 * When the grace period of an ended workspace is over (milliseconds); `undefined` for a workspace that has not ended.
 */
export function endOfGrace(
  { endedAt }: Pick<Workspace, "endedAt">,
  { endGraceDays }: RetentionSettings,
): number | undefined {
  return endedAt === undefined ? undefined : Date.parse(endedAt) + endGraceDays * DAY_MS;
}

/**
 * Events recorded before this timestamp may be removed; `null` while none may. An ended workspace keeps what was
 * visible at its end for the grace period, then everything may be removed.
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

/** Expiry of an entry in epoch seconds, rounded up so that TTL never removes it early. */
export function expiryOf(recordedAt: string, days: number): number {
  return Math.ceil((Date.parse(recordedAt) + days * DAY_MS) / 1000);
}

/** The expiry of entries under a legal hold (31 December 9999), later than any retention. */
export const NEVER_EXPIRES = 253_402_300_799;

/**
 * A larger retention or a legal hold triggers a purge task at once; within this time the task has extended what would
 * expire.
 */
export const EXTENSION_MS = 3_600_000;

/** The history after a workspace's retention changed from `before` to `after` days at `now`. */
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
  // When retention grows, TTL may remove what is about to expire before its expiry is extended, so it counts as
  // expired.
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
