import { forEachAtMost } from "../base/at-most.ts";
import { type Clock, toTimestamp } from "../base/clock.ts";
import { entitlementOf, type Plans } from "../workspace/entitlement.ts";
import { isBehind, oldestUndeliveredAt } from "./health.ts";
import { waitOf } from "./schedule.ts";
import type { Lane } from "./state.ts";
import { type WakeUp, wakeUpOf } from "./wake-up.ts";
import type { Log, Metrics } from "../base/log.ts";
import { METRIC } from "../base/metric-names.ts";
import type { WakeUpQueue } from "./lane-store.ts";
import type { WorkspaceReader } from "../workspace/workspace-store.ts";
import type { JournalStore } from "../journal/journal-store.ts";
import { TrailcastError } from "../base/trailcast-error.ts";

export interface SweepPorts {
  due: { dueLanes(now: string): AsyncIterable<WakeUp[]> };
  scan: { liveLanes(): AsyncIterable<FoundLanes> };
  journal: Pick<JournalStore, "newestPage" | "readPagesFrom">;
  /** Counts up to `limit`. */
  quarantine: { countRows(limit: number): Promise<number> };
  workspaces: WorkspaceReader;
  plans: Plans;
  wakeUps: WakeUpQueue;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

const LANES_AT_ONCE = 16;
const QUARANTINED_MAX = 1000;

/** The key of a lane whose row could not be read. */
export type LaneName = { workspace: string } & Partial<WakeUp>;

/** Lanes as they were found. A row that cannot be read keeps no other lane from its wake-up. */
export interface FoundLanes {
  lanes: Lane[];
  unreadable: LaneName[];
}

/** Thrown after a sweep of which a part failed. The rest was done; the log names what was not. */
export class UnfinishedSweepError extends TrailcastError {
  override name = "UnfinishedSweepError";
}

/**
 * Wakes the lanes whose next attempt is due. Deliver takes those out of the index whose destination cannot receive.
 * Throws at its end if it had to leave some out.
 */
export async function sweepDue({
  due,
  wakeUps,
  clock,
  log,
}: Pick<SweepPorts, "due" | "wakeUps" | "clock" | "log">): Promise<void> {
  const faults = countFaults(log);
  let count = 0;
  for await (const lanes of due.dueLanes(toTimestamp(clock()))) {
    await faults.survive({}, async () => {
      count += await wakeUp(lanes, wakeUps);
    });
  }
  if (count > 0) log.info("lanes.woken", { count, outcome: "due" });
  faults.raise();
}

/**
 * Reads every lane and wakes those that are behind, except those that wait for the sweep of due lanes. Reports the age
 * of the oldest event that is undelivered although no receiver refuses it (0 if there is none), and how many records
 * are in quarantine. Throws at its end if it could not process some lanes.
 */
export async function sweepBehind(ports: SweepPorts): Promise<void> {
  const faults = countFaults(ports.log);
  const look = lookAtLanes(ports, faults);
  await faults.survive({}, async () => {
    ports.metrics.count(METRIC.recordsInQuarantine, await ports.quarantine.countRows(QUARANTINED_MAX));
  });
  let count = 0;
  let oldest = 0;
  for await (const found of ports.scan.liveLanes()) {
    for (const lane of found.unreadable) faults.add(lane);
    const { wakeUps, age } = await look(found.lanes);
    await faults.survive({}, async () => {
      count += await wakeUp(wakeUps, ports.wakeUps);
    });
    oldest = Math.max(oldest, age);
  }
  // The metric is in whole seconds, although the port's method is named after milliseconds.
  ports.metrics.count(METRIC.oldestUndeliveredSeconds, Math.round(oldest / 1000));
  if (count > 0) ports.log.info("lanes.woken", { count, outcome: "behind" });
  faults.raise();
}

/** The wake-ups of the lanes that are behind, and the greatest lag (milliseconds) that no receiver causes. */
function lookAtLanes(
  ports: SweepPorts,
  faults: Faults,
): (lanes: Lane[]) => Promise<{ wakeUps: WakeUp[]; age: number }> {
  const { journal, clock } = ports;
  const newest = onceEach((workspace) => journal.newestPage(workspace));
  const forwards = forwardingOf(ports);
  const now = clock();
  return async (lanes) => {
    const wakeUps: WakeUp[] = [];
    let age = 0;
    await forEachAtMost(lanes, LANES_AT_ONCE, (lane) =>
      faults.survive(wakeUpOf(lane), async () => {
        const { workspace } = lane;
        if (!isBehind(lane, await newest(workspace)) || !(await forwards(workspace))) return;
        if (waitOf(lane, now)?.carrier !== "sweep") wakeUps.push(wakeUpOf(lane));
        if (isOursToExplain(lane)) age = Math.max(age, await ageOf(lane, now, journal));
      }),
    );
    return { wakeUps, age };
  };
}

/** Returns how many were sent. */
async function wakeUp(wakeUps: WakeUp[], queue: WakeUpQueue): Promise<number> {
  if (wakeUps.length > 0) await queue.send(wakeUps);
  return wakeUps.length;
}

interface Faults {
  add(lane: Partial<WakeUp>, error?: unknown): void;
  /** Runs `act`; a failure is logged and counted. */
  survive(lane: Partial<WakeUp>, act: () => Promise<void>): Promise<void>;
  /** Throws if there was a failure. */
  raise(): void;
}

function countFaults(log: Log): Faults {
  let count = 0;
  const add: Faults["add"] = ({ workspace, destination, lane }, error) => {
    count++;
    const name = {
      ...(workspace !== undefined && { workspace }),
      ...(destination !== undefined && { destination }),
      ...(lane !== undefined && { lane }),
    };
    log.error("lane.unswept", name, error);
  };
  return {
    add,
    survive: (lane, act) => act().catch((error: unknown) => add(lane, error)),
    raise: () => {
      if (count > 0)
        throw new UnfinishedSweepError(`The sweep had ${count} faults; what they left out is in its log`);
    },
  };
}

/** A lag is a fault of ours unless the receiver refuses events, or the lane is a replay, whose events are old by nature. */
function isOursToExplain({ role, receiver }: Lane): boolean {
  return role.kind === "live" && receiver.consecutiveFailures === 0;
}

/** Milliseconds since the event at the lane's cursor was recorded. */
async function ageOf(lane: Lane, now: number, journal: SweepPorts["journal"]): Promise<number> {
  const [next] = await journal.readPagesFrom(lane.workspace, lane.cursor.page, 1);
  const at = oldestUndeliveredAt(lane.cursor, next);
  return at === undefined ? 0 : Math.max(0, now - Date.parse(at));
}

/** Whether a workspace may forward. Otherwise deliver leaves its lanes as they are, so a wake-up changes nothing and a lag is no fault. */
function forwardingOf({ workspaces, plans }: SweepPorts): (workspace: string) => Promise<boolean> {
  return onceEach(async (workspace) => {
    const row = await workspaces.readWorkspace(workspace);
    return row !== undefined && entitlementOf(row, plans)?.forwarding === true;
  });
}

/** Reads a value of a workspace at most once in a sweep. */
function onceEach<Answer>(
  read: (workspace: string) => Promise<Answer>,
): (workspace: string) => Promise<Answer> {
  const known = new Map<string, Promise<Answer>>();
  return (workspace) => {
    const answer = known.get(workspace) ?? read(workspace);
    known.set(workspace, answer);
    return answer;
  };
}
