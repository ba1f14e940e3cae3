import { toTimestamp } from "../base/clock.ts";
import type { Destination } from "../destination/destination.ts";
import type { Workspace } from "../workspace/entitlement.ts";
import type { Lane } from "./lane.ts";
import { LIVE_LANE } from "../base/table-schema.ts";
import type { LanePorts } from "./lane-ports.ts";
import { isFailingNews, type Notice } from "./owner-notice.ts";

type Ports = Pick<LanePorts, "notices" | "log">;
/** A key with the lane's version is the same when a run that died is repeated, and another one after each change that was stored. */
type Facts = Pick<Notice, "kind" | "key" | "reason" | "advice"> & { now: number };

type ToldMarks = Pick<Lane, "failingToldAt" | "failingTold" | "untold">;

interface Told {
  workspace: Workspace;
  destination: Destination;
}

/**
 * Tells of refusals when that is news; answers what the lane is to remember of it. `lane` as it is after the refusal.
 * Replays speak when they are suspended only.
 */
export async function tellFailing(
  ports: Ports,
  told: Told,
  lane: Lane,
  { error, advice, now }: { error: string; advice?: string; now: number },
): Promise<ToldMarks> {
  if (lane.lane !== LIVE_LANE || !isFailingNews(lane, advice, now)) return {};
  const untold = lane.untold ?? lane.version;
  const key = `${lane.item} failing ${untold}`;
  if (!(await tell(ports, told, lane, { kind: "failing", key, reason: error, advice, now })))
    return { untold };
  const before = lane.failingTold ?? [];
  const isNew = advice !== undefined && !before.includes(advice);
  return {
    failingToldAt: toTimestamp(now),
    failingTold: isNew ? [...before, advice] : before,
    untold: undefined,
  };
}

/** `lane` as it was before the 2xx: owners who heard of failing hear that it is over. */
export async function tellRecovered(ports: Ports, told: Told, lane: Lane, now: number): Promise<void> {
  if (lane.failingTold === undefined || lane.frozen === undefined) return;
  await tell(ports, told, lane, { kind: "recovered", key: `${lane.frozen.id} recovered`, now });
}

/** Answers whether the owner was told. */
export function tellSuspended(
  ports: Ports,
  told: Told,
  lane: Lane & { untold: number },
  now: number,
): Promise<boolean> {
  const key = `${lane.item} suspended ${lane.untold}`;
  const reason = `${lane.suspendedReason}: ${lane.lastDelivery?.error}`;
  return tell(ports, told, lane, { kind: "suspended", key, reason, now });
}

/** The owner enabled a lane that had been suspended. */
export async function tellResumed(ports: Ports, told: Told, lane: Lane, now: number): Promise<void> {
  const key = `${lane.item} resumed ${lane.version}`;
  await tell(ports, told, lane, { kind: "resumed", key, reason: lane.suspendedReason, now });
}

/**
 * A notice that cannot be given holds up no delivery; it is logged. Failing is told again with the next refusal, a suspension when the
 * sweep rings, and both under the key that may have been recorded already.
 */
async function tell(ports: Ports, told: Told, lane: Lane, { now, ...facts }: Facts): Promise<boolean> {
  const { workspace, destination } = told;
  try {
    await ports.notices.tell({
      ...facts,
      workspace,
      destination,
      lane: lane.lane,
      at: toTimestamp(now),
      failingSince: lane.failingSince,
    });
    return true;
  } catch (error) {
    ports.log.error(
      "owner.untold",
      { workspace: lane.workspace, destination: lane.destination, outcome: facts.kind },
      error,
    );
    return false;
  }
}
