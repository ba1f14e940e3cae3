import { forEachAtMost } from "./at-most.ts";
import { type Clock, toTimestamp } from "./clock.ts";
import { entitlementOf, type Plans } from "./entitlement.ts";
import { isBehind, oldestUndeliveredAt } from "./health.ts";
import { type Lane, LIVE_LANE, type Ring, ringOf } from "./lane.ts";
import type { Log, Metrics } from "./log.ts";
import { METRIC } from "./metric-names.ts";
import type { JournalStore, RingQueue, WorkspaceReader } from "./stores.ts";

export interface SweepPorts {
  due: { dueLanes(now: string): AsyncIterable<Ring[]> };
  scan: { liveLanes(): AsyncIterable<Lane[]> };
  journal: Pick<JournalStore, "newestPage" | "readPagesFrom">;
  workspaces: WorkspaceReader;
  plans: Plans;
  rings: RingQueue;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

const LANES_AT_ONCE = 16;

/** Rings the lanes whose next attempt has come. */
export async function sweepDue(ports: SweepPorts): Promise<void> {
  const { due, rings, clock, log } = ports;
  const forwards = forwardingOf(ports);
  let count = 0;
  for await (const lanes of due.dueLanes(toTimestamp(clock()))) {
    const awaited: Ring[] = [];
    await forEachAtMost(lanes, LANES_AT_ONCE, async (lane) => {
      if (await forwards(lane.workspace)) awaited.push(lane);
    });
    if (awaited.length > 0) await rings.ring(awaited);
    count += awaited.length;
  }
  if (count > 0) log.info("lanes.rung", { count, outcome: "due" });
}

/**
 * Looks at every lane and rings those with something to do, whatever became of their rings; one that waits for the sweep of what is
 * due is left to it. Says how old the oldest event is that is undelivered though no receiver refuses it.
 */
export async function sweepBehind(ports: SweepPorts): Promise<void> {
  const newest = onceEach((workspace) => ports.journal.newestPage(workspace));
  const forwards = forwardingOf(ports);
  const now = ports.clock();
  let count = 0;
  let oldest = 0;
  for await (const lanes of ports.scan.liveLanes()) {
    const behind: Lane[] = [];
    await forEachAtMost(lanes, LANES_AT_ONCE, async (lane) => {
      if (!(await forwards(lane.workspace)) || !isBehind(lane, await newest(lane.workspace))) return;
      behind.push(lane);
      if (isOursToExplain(lane)) oldest = Math.max(oldest, await ageOf(lane, now, ports.journal));
    });
    const rings = behind.filter((lane) => !isWaiting(lane, now)).map(ringOf);
    if (rings.length > 0) await ports.rings.ring(rings);
    count += rings.length;
  }
  // In whole seconds, whatever the unit of the port is called: the metric's name says seconds.
  ports.metrics.count(METRIC.oldestUndeliveredSeconds, Math.round(oldest / 1000));
  if (count > 0) ports.log.info("lanes.rung", { count, outcome: "behind" });
}

/** Its lag would be our fault: a refusing receiver is its owner's to mend, and a replay's events are old by nature. */
function isOursToExplain({ lane, consecutiveFailures }: Lane): boolean {
  return lane === LIVE_LANE && consecutiveFailures === 0;
}

function isWaiting({ dueShard, nextAttemptAt }: Lane, now: number): boolean {
  return dueShard !== undefined && nextAttemptAt !== undefined && Date.parse(nextAttemptAt) > now;
}

/** Milliseconds since the event at the lane's cursor was recorded. */
async function ageOf(lane: Lane, now: number, journal: SweepPorts["journal"]): Promise<number> {
  const [next] = await journal.readPagesFrom(lane.workspace, lane.cursor.page, 1);
  const at = oldestUndeliveredAt(lane.cursor, next);
  return at === undefined ? 0 : Math.max(0, now - Date.parse(at));
}

/** Whether a workspace may forward. Without it deliver leaves lanes as they are, so a ring is in vain and their lag is no fault. */
function forwardingOf({ workspaces, plans }: SweepPorts): (workspace: string) => Promise<boolean> {
  return onceEach(async (workspace) => {
    const row = await workspaces.readWorkspace(workspace);
    return row !== undefined && entitlementOf(row, plans)?.forwarding === true;
  });
}

/** What is read of a workspace, once a sweep. */
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
