import { toTimestamp } from "./clock.ts";
import type { Destination } from "./destination.ts";
import type { Workspace } from "./entitlement.ts";
import { type Lane, LIVE_LANE } from "./lane.ts";
import type { LanePorts } from "./lane-run.ts";
import { isFailingNews, type Notice } from "./owner-notice.ts";

type Ports = Pick<LanePorts, "notices" | "log">;
type Facts = Pick<Notice, "kind" | "key" | "reason" | "advice"> & { now: number };

interface Told {
  workspace: Workspace;
  destination: Destination;
}

/** Tells of refusals when that is news; answers when, for the lane to remember. Replays speak when they are suspended only. */
export async function tellFailing(
  ports: Ports,
  told: Told,
  lane: Lane,
  { error, advice, now }: { error: string; advice?: string; now: number },
): Promise<string | undefined> {
  const { frozen } = lane;
  if (lane.lane !== LIVE_LANE || frozen === undefined) return undefined;
  if (!isFailingNews(lane, advice !== undefined, now)) return undefined;
  const key = `${frozen.id} failing ${lane.attempts}`;
  const isTold = await tell(ports, told, lane, { kind: "failing", key, reason: error, advice, now });
  return isTold ? toTimestamp(now) : undefined;
}

/** `lane` as it was before the 2xx: owners who heard of failing hear that it is over. */
export async function tellRecovered(ports: Ports, told: Told, lane: Lane, now: number): Promise<void> {
  if (lane.failingToldAt === undefined || lane.frozen === undefined) return;
  await tell(ports, told, lane, { kind: "recovered", key: `${lane.frozen.id} recovered`, now });
}

export async function tellSuspended(
  ports: Ports,
  told: Told,
  lane: Lane,
  { reason, error, now }: { reason: string; error: string; now: number },
): Promise<void> {
  const key = `${lane.frozen?.id ?? lane.previousId} suspended ${lane.attempts}`;
  await tell(ports, told, lane, { kind: "suspended", key, reason: `${reason}: ${error}`, now });
}

/** The owner enabled a lane that had been suspended. */
export async function tellResumed(ports: Ports, told: Told, lane: Lane, now: number): Promise<void> {
  const key = `${lane.item} resumed ${lane.version}`;
  await tell(ports, told, lane, { kind: "resumed", key, reason: lane.suspendedReason, now });
}

/** A notice that cannot be given holds up no delivery; it is logged, and failing is told again with the next refusal. */
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
