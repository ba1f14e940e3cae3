import type { DatabaseSync } from "node:sqlite";
import { randomUUID } from "node:crypto";
import type { VirtualClock } from "../clock.ts";
import { LOCAL_ACCOUNT, LOCAL_REGION } from "../region.ts";
import type { ScheduleSettings } from "./schedule-settings.ts";
import type { TargetSender } from "./targets.ts";

/** Real milliseconds between two firings of a schedule, however fast the clock runs. */
const SHORTEST_REAL_MS = 20;
const LONGEST_TIMER_MS = 2_147_483_647;

export interface SchedulesOptions {
  schedules: readonly ScheduleSettings[];
  state: DatabaseSync;
  clock: VirtualClock;
  sender: TargetSender;
  /** Whether the event of an earlier firing is still being processed. */
  isPending(id: string): boolean;
}

function scheduledEvent({ source, arn }: ScheduleSettings, now: number): string {
  return JSON.stringify({
    version: "0",
    id: randomUUID(),
    "detail-type": "Scheduled Event",
    source,
    account: LOCAL_ACCOUNT,
    time: new Date(now).toISOString(),
    region: LOCAL_REGION,
    resources: [arn],
    // `detail` is text for Scheduler, but an object for a rule.
    detail: source === "aws.scheduler" ? "{}" : {},
  });
}

/** The next time of each schedule. It is kept between runs unless the schedule's expression has changed. */
function createFirings(state: DatabaseSync) {
  const select = state.prepare("SELECT next FROM schedules WHERE schedule = ? AND expression = ?");
  const upsert = state.prepare(
    `INSERT INTO schedules VALUES (?, ?, ?)
     ON CONFLICT (schedule) DO UPDATE SET expression = excluded.expression, next = excluded.next`,
  );
  return {
    read: (settings: ScheduleSettings): number | undefined => {
      const next = select.get(settings.id, settings.expression)?.["next"];
      return typeof next === "number" ? next : undefined;
    },
    write: (settings: ScheduleSettings, next: number): void => {
      upsert.run(settings.id, settings.expression, next);
    },
  };
}

/**
 * Fires schedules by the stack's clock. A schedule that was missed while the stack was down fires once at its start. On
 * a faster clock a firing is skipped while the one before is being processed, because functions take real time.
 */
export function startSchedules(options: SchedulesOptions): { stop(): void } {
  const { clock } = options;
  const firings = createFirings(options.state);
  const timers = new Map<string, NodeJS.Timeout>();

  const wait = (settings: ScheduleSettings, next: number): void => {
    if (next === Infinity) return;
    const delay = Math.max(clock.realDelay(next - clock.now()), SHORTEST_REAL_MS);
    timers.set(settings.id, setTimeout(fire, Math.min(delay, LONGEST_TIMER_MS), settings, next));
  };
  const fire = (settings: ScheduleSettings, planned: number): void => {
    const now = clock.now();
    if (now < planned) {
      wait(settings, planned);
      return;
    }
    if (clock.scale === 1 || !options.isPending(settings.id)) {
      options.sender.send(settings.target, settings.input ?? scheduledEvent(settings, now), settings.id);
    }
    const following = settings.schedule(planned);
    const next = following > now ? following : settings.schedule(now);
    firings.write(settings, next);
    wait(settings, next);
  };

  for (const settings of options.schedules) {
    const known = firings.read(settings);
    const next = known ?? settings.schedule(clock.now());
    if (known === undefined && next !== Infinity) firings.write(settings, next);
    wait(settings, next);
  }
  return {
    stop: () => {
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}
