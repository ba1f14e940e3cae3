import { toTimestamp } from "../base/clock.ts";
import type { Destination } from "../destination/destination.ts";
import type { Workspace } from "../workspace/entitlement.ts";
import { registryItem } from "../base/table-schema.ts";
import type { LanePorts } from "./lane-ports.ts";
import type { Notice } from "./owner-notice.ts";
import type { FailingNotices, Lane, SuspensionNotice } from "./state.ts";

type Ports = Pick<LanePorts, "notices" | "log">;
/** A key with the lane's version is the same when a run that died is repeated, and another one after each stored change. */
type Facts = Pick<Notice, "kind" | "key" | "reason" | "advice"> & { now: number };

/** Destination and workspace as read after the lane. */
export interface Target {
  workspace: Workspace;
  destination: Destination;
}

/** An owner is notified when no success can come before so much time of failing is over, or at once with advice. */
const FAILING_AFTER_MS = 5 * 60_000;
/** And at most so often, also when a success came in between, except for advice that is new to the present failing. */
const REPEAT_AFTER_MS = 60 * 60_000;

/** Whether the owner is to be notified of another refusal. `lane` is the lane after the refusal; `now` in milliseconds. */
function isFailingNews(
  { receiver, status }: Lane,
  { notifiedAt, advice: given }: FailingNotices,
  advice: string | undefined,
  now: number,
): boolean {
  const { failingSince } = receiver;
  if (failingSince === undefined) return false;
  if (advice !== undefined && given !== undefined && !given.includes(advice)) return true;
  if (notifiedAt !== undefined && now - Date.parse(notifiedAt) < REPEAT_AFTER_MS) return false;
  const next = status.kind === "live" && status.wait !== undefined ? Date.parse(status.wait.until) : now;
  return advice !== undefined || next - Date.parse(failingSince) >= FAILING_AFTER_MS;
}

/**
 * Notifies of a refusal when that is news; answers what the lane is to remember of it, if anything is. `lane` is the lane after the
 * refusal. Owners hear of replays only when they are suspended.
 */
export async function notifyFailing(
  ports: Ports,
  target: Target,
  lane: Lane,
  { error, advice, now }: { error: string; advice?: string; now: number },
): Promise<FailingNotices | undefined> {
  const { role } = lane;
  if (role.kind !== "live" || !isFailingNews(lane, role.notices, advice, now)) return undefined;
  const pendingVersion = role.notices.pendingVersion ?? lane.version;
  const key = `${itemOf(lane)} failing ${pendingVersion}`;
  if (!(await notify(ports, target, lane, { kind: "failing", key, reason: error, advice, now })))
    return { ...role.notices, pendingVersion };
  const given = role.notices.advice ?? [];
  const isNew = advice !== undefined && !given.includes(advice);
  return { notifiedAt: toTimestamp(now), advice: isNew ? [...given, advice] : given };
}

/** Notifies owners who heard of the failing that it is over. `lane` is the lane before the success. */
export async function notifyRecovered(ports: Ports, target: Target, lane: Lane, now: number): Promise<void> {
  const { role, pending } = lane;
  if (role.kind !== "live" || role.notices.advice === undefined || pending === undefined) return;
  await notify(ports, target, lane, { kind: "recovered", key: `${pending.id} recovered`, now });
}

/** Answers whether the owner was notified. */
export function notifySuspended(
  ports: Ports,
  target: Target,
  lane: Lane,
  { reason, notice, now }: { reason: string; notice: SuspensionNotice; now: number },
): Promise<boolean> {
  const key = `${itemOf(lane)} suspended ${notice.version}`;
  const cause = `${reason}: ${lane.receiver.lastDelivery?.error}`;
  return notify(ports, target, lane, { kind: "suspended", key, reason: cause, now });
}

/** The owner enabled a lane that had been suspended because of `reason`. */
export async function notifyResumed(
  ports: Ports,
  target: Target,
  lane: Lane,
  { reason, now }: { reason: string; now: number },
): Promise<void> {
  const key = `${itemOf(lane)} resumed ${lane.version}`;
  await notify(ports, target, lane, { kind: "resumed", key, reason, now });
}

function itemOf({ destination, lane }: Lane): string {
  return registryItem.lane(destination, lane);
}

/**
 * A notice that cannot be sent is logged and holds up no delivery. A notice of failing is sent again with the next refusal, one of a
 * suspension when the sweep wakes the lane, and both under the key that may have been recorded already.
 */
async function notify(
  ports: Ports,
  { workspace, destination }: Target,
  lane: Lane,
  { now, ...facts }: Facts,
): Promise<boolean> {
  try {
    await ports.notices.tell({
      ...facts,
      workspace,
      destination,
      lane: lane.lane,
      at: toTimestamp(now),
      failingSince: lane.receiver.failingSince,
    });
    return true;
  } catch (error) {
    ports.log.error(
      "owner.notice-failed",
      { workspace: lane.workspace, destination: lane.destination, outcome: facts.kind },
      error,
    );
    return false;
  }
}
