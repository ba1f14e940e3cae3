import { toTimestamp } from "../../lambdas/core/base/clock.ts";
import { skippedNote } from "../../lambdas/core/lane/delivery-facts.ts";
import { MissingEntryError } from "../../lambdas/core/lane/batch.ts";
import { eventId } from "../../lambdas/core/base/ids.ts";
import type { Lane } from "../../lambdas/core/lane/state.ts";
import type { WakeUp } from "../../lambdas/core/lane/wake-up.ts";
import { replayWindow } from "../../lambdas/core/lane/replay-window.ts";
import { placeAt, placeNow } from "../../lambdas/core/lane/place-in-journal.ts";
import { rowOf } from "../../lambdas/core/lane/row.ts";
import { resumeReplays, transition } from "../../lambdas/core/lane/transition.ts";
import { answered, DST, LaneWorld, LIVE, LOST, type Received, WS } from "./in-memory-lanes.ts";
import type { Answer, Answered, Happening, JournalTime, LaneWrite, OwnerAct } from "./lane-happenings.ts";
import { laneOf, newLaneRow } from "./lane-rows.ts";
import { type Advance, LaneProcesses } from "./lane-processes.ts";
import { LaneRules } from "./lane-rules.ts";

const HOUR_MS = 3_600_000;
const SLOW = { durationMs: 4_000 };
/** Longer than any wait that deliver schedules. */
const LONG_MS = 13 * HOUR_MS;

/** The lanes as an owner wants them, written in one transaction. */
interface Change {
  rows: Lane[];
  stored?: () => void;
}

/** A world of one destination in which things happen, and the rules, which are informed of each. */
export class LaneModel {
  readonly world = new LaneWorld();
  readonly rules = new LaneRules();
  private readonly processes = new LaneProcesses((error) => this.failed(error));
  private answers: Answer[] = [];
  private readonly wakeUps: WakeUp[] = [LIVE];
  private readonly replaceLane = this.world.lanes.replaceLane.bind(this.world.lanes);

  constructor() {
    this.rules.begins(LIVE.lane, 0);
    this.world.answer = (request) => this.respond(request);
    this.watchLanes();
    this.watchLog();
  }

  private respond(request: Received) {
    this.rules.posted(request);
    const answer = this.answers.shift() ?? "200";
    if (answer === "200" || answer === "slow") this.rules.took(request);
    if (answer === "lost") return LOST;
    if (answer === "slow") return answered(200, SLOW);
    if (answer === "slow 500") return answered(500, SLOW);
    return answered(Number(answer), answer === "429" ? { retryAfter: "7" } : {});
  }

  /** Reports only deliver's writes to the rules; owners' writes bypass this. */
  private watchLanes(): void {
    const { lanes } = this.world;
    lanes.replaceLane = async (next) => {
      const before = this.world.lane({ workspace: WS, destination: DST, lane: next.lane });
      const stored = await this.replaceLane(next);
      if (stored !== "stale") this.rules.wrote(before, rowOf(stored));
      return stored;
    };
  }

  private watchLog(): void {
    const { deliveries } = this.world;
    const note = deliveries.note.bind(deliveries);
    deliveries.note = async (noted) => {
      const outcome = await note(noted);
      this.rules.noted(noted.facts.lane, noted.facts.number, outcome);
      return outcome;
    };
  }

  /**
   * Ignores the failure for an entry that expired and was removed after the run had read the workspace: the wake-up is
   * received again and then finds it expired.
   */
  private failed(error: unknown): void {
    if (error instanceof MissingEntryError && this.rules.isExpiredEntry(error.message)) return;
    this.rules.broken.push(String(error));
  }

  async happen(happening: Happening): Promise<void> {
    switch (happening.kind) {
      case "append":
        return this.append(happening.entries);
      case "wait":
        this.world.now += happening.seconds * 1000;
        return;
      case "start":
        return this.start(happening);
      case "go":
        return this.go(happening);
      case "crash":
        return this.processes.crash(happening, this.tick);
      case "answers":
        this.answers = [...happening.answers];
        return;
      case "owner":
        return this.act(happening.act);
    }
  }

  private async append(entries: readonly string[][]): Promise<void> {
    this.world.now += 1000;
    const recorded = await this.world.recordPage(entries);
    const page = this.world.journal.pagesOf(WS).at(-1);
    if (page === undefined) throw new Error("No page");
    const events = recorded.flatMap(({ entry, recordedAt }, place) =>
      (entries[place] ?? []).map((action, index) => ({
        id: eventId(entry, index),
        type: `pro.atmos.billing.${action}`,
        recordedAt,
      })),
    );
    this.rules.journalled(page.page, page.at, events);
  }

  private start({ lane, receives, slow, age, turns: available }: Answered): void {
    const wakeUp = { ...this.wakeUpOf(lane), ...(slow && { slow }) };
    const sentAt = age === undefined ? undefined : this.world.now - age;
    let left = available;
    const hasTime = (): boolean => left-- > 0;
    this.processes.start(wakeUp.lane, (turns) =>
      this.world.run({ wakeUp, receives, sentAt, hasTime, turns }),
    );
  }

  /** Short waits pass within a run. */
  private readonly tick = (): void => void (this.world.now += 100);

  private async go(advance: Advance): Promise<void> {
    await this.processes.go(advance, this.tick);
  }

  private wakeUpOf(lane: number): WakeUp {
    return this.wakeUps[lane % this.wakeUps.length] ?? LIVE;
  }

  private async act(act: OwnerAct): Promise<void> {
    switch (act.do) {
      case "filter":
        this.rules.filtered(act.types);
        return this.world.patch({ eventTypes: act.types });
      case "format":
        return this.world.patch({ format: act.format });
      case "replay":
        return this.replay(this.timeOf(act.from), this.timeOf(act.to));
      case "expire":
        return this.expire(act);
      default:
        return this.writeLane(act);
    }
  }

  private timeOf({ page, isLater }: JournalTime): string {
    const pages = this.world.journal.pagesOf(WS);
    const at = Date.parse(pages[page % Math.max(1, pages.length)]?.at ?? toTimestamp(this.world.now));
    return this.visible(toTimestamp(isLater ? at + 1 : at));
  }

  /** A replay begins no earlier than the retention window. */
  private visible(time: string): string {
    const floor = this.world.workspaces.workspaces.get(WS)?.history?.floor ?? "";
    return time > floor ? time : floor;
  }

  private left(): Set<number> {
    return new Set(this.world.journal.pagesOf(WS).map(({ page }) => page));
  }

  private async replay(from: string, to: string): Promise<void> {
    const lane = `rpl_${this.wakeUps.length}`;
    this.rules.begins(lane, 0, 1, { end: this.rules.now(), recorded: { from, to } });
    const window = await replayWindow(WS, { from, to }, from, this.world.journal);
    const { start: cursor, until, recorded } = window;
    this.world.lanes.put(newLaneRow({ workspace: WS, destination: DST, lane, cursor, until, recorded }));
    this.wakeUps.push({ workspace: WS, destination: DST, lane });
  }

  /** Expires a share of the journal, all of it at 4. The floor may lie within a page. */
  private expire({ share, entries, pages }: Extract<OwnerAct, { do: "expire" }>): void {
    this.world.now += 1;
    const references = this.world.journal.pagesOf(WS).flatMap((page) => page.entries);
    const last = references[Math.ceil((references.length * share) / 4) - 1];
    if (last === undefined) return;
    const floor = this.visible(toTimestamp(Date.parse(last.recordedAt) + 1));
    this.world.expire({ entries, pages }, floor);
    this.rules.expired(floor);
  }

  /**
   * Reads, lets other processes continue, and writes conditionally, as management does; but gives up on a conflict
   * instead of retrying.
   */
  private async writeLane(act: LaneWrite): Promise<void> {
    const change = await this.changeOf(act, this.laneAt(this.wakeUpOf(act.lane)));
    await this.go(act.between);
    if (change !== undefined) await this.commit(change);
  }

  /** Writes all rows of a change, or none. */
  private async commit({ rows, stored }: Change): Promise<void> {
    const isCurrent = rows.every(
      (row) => this.world.lane({ ...LIVE, lane: row.lane }).version === row.version,
    );
    if (!isCurrent) return;
    for (const row of rows) await this.replaceLane(row);
    stored?.();
  }

  private laneAt(wakeUp: WakeUp): Lane {
    return laneOf(this.world.lane(wakeUp));
  }

  private async changeOf({ do: what, time }: LaneWrite, lane: Lane): Promise<Change | undefined> {
    const { pending, number, status } = lane;
    const isLive = lane.lane === LIVE.lane;
    if (status.kind === "ended") return undefined;
    switch (what) {
      case "disable":
        return isLive
          ? {
              rows: [transition(lane, { kind: "disabled" })],
              stored: () => this.rules.disabled(this.processes.underWay()),
            }
          : undefined;
      case "enable":
        return isLive
          ? this.enable(lane, status.kind === "live" ? lane : transition(lane, { kind: "enabled" }))
          : undefined;
      case "move-now":
      case "move-back":
        return isLive ? this.move(lane, what === "move-now" ? undefined : this.timeOf(time)) : undefined;
      case "retry":
        if (this.world.lane().status === "disabled") return undefined;
        return { rows: [transition(lane, { kind: "retry-requested" })] };
      case "skip": {
        if (pending === undefined) return undefined;
        const awake = status.kind === "suspended" ? transition(lane, { kind: "enabled" }) : lane;
        return {
          rows: [transition(awake, { kind: "skip-requested" })],
          stored: () => this.rules.marked(lane.lane, number),
        };
      }
      case "cancel":
        if (isLive) return undefined;
        await this.logSkipped(lane);
        return {
          rows: [transition(lane, { kind: "cancelled" })],
          stored: () => this.rules.cancelled(lane.lane),
        };
    }
  }

  /** The live lane after the change, and what happens to the replays. */
  private enable(lane: Lane, next: Lane): Change {
    const replays = this.wakeUps.slice(1).map((wakeUp) => this.laneAt(wakeUp));
    const resumed = resumeReplays(lane, replays);
    if (next === lane) return { rows: resumed };
    return { rows: [next, ...resumed], stored: () => this.rules.enabled() };
  }

  private async move(lane: Lane, time: string | undefined): Promise<Change> {
    const begin = time === undefined ? this.rules.now() : this.rules.placeOf(time, this.left());
    const { journal } = this.world;
    const place = time === undefined ? await placeNow(WS, journal) : await placeAt(WS, time, journal);
    await this.logSkipped(lane);
    const next = transition(lane, { kind: "moved", to: place });
    const { rows } = this.enable(lane, next);
    const stored = (): void => {
      this.rules.enabled();
      this.rules.begins(lane.lane, begin, next.number);
    };
    return { rows, stored };
  }

  /** The log is written first, even if the lane's write is refused afterwards. */
  private async logSkipped(lane: Lane): Promise<void> {
    const { now } = this.world;
    const note = skippedNote(lane, 30, now, toTimestamp(now));
    if (note !== undefined) await this.world.deliveries.note(note);
  }

  /**
   * Lets everything recover: current runs end, the receiver accepts everything, lanes are enabled, and only the sweep
   * sends wake-ups.
   */
  async heal(): Promise<void> {
    for (let turn = 0; this.processes.isAnyUnderWay(); turn++) await this.go({ pick: turn, steps: 1 });
    this.rules.heals();
    for (const wakeUp of this.wakeUps) await this.finish(wakeUp);
    this.rules.judgeEnd();
    this.rules.judgeLapsed(this.world.lane(), this.left());
  }

  /** Processes wake-ups of both queues until they change nothing more. */
  private async finish(wakeUp: WakeUp): Promise<void> {
    for (let runs = 0; runs < 100; runs++) {
      const live = this.laneAt(LIVE);
      const { status, version } = this.laneAt(wakeUp);
      if (live.status.kind !== "live" || status.kind === "suspended")
        await this.commit(
          this.enable(live, live.status.kind === "live" ? live : transition(live, { kind: "enabled" })),
        );
      this.world.now += LONG_MS;
      await this.world.run({ wakeUp, receives: 1 });
      await this.world.run({ wakeUp: { ...wakeUp, slow: true }, receives: 1 });
      if (this.world.lane(wakeUp).version === version) return;
    }
    this.rules.broken.push(`${wakeUp.lane} does not come to an end`);
  }
}
