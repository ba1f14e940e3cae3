import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isOpen } from "../../../lambdas/core/delivery-record.ts";
import { MissingEntryError } from "../../../lambdas/core/freeze-delivery.ts";
import { isBehind } from "../../../lambdas/core/health.ts";
import type { Lane, Ring } from "../../../lambdas/core/lane.ts";
import { comparePositions } from "../../../lambdas/core/lane-step.ts";
import { eventId } from "../../../lambdas/core/ids.ts";
import type { Page, Position } from "../../../lambdas/core/page.ts";
import {
  disableLane,
  endAt,
  markSkip,
  moveLane,
  newLane,
  placeAt,
  placeNow,
  resumeLane,
} from "../../../lambdas/core/start-lane.ts";
import { skippedNote } from "../../../lambdas/core/delivery-record.ts";
import { answered, DST, LaneWorld, LIVE, LOST, type Received, WS } from "../../helpers/in-memory-lanes.ts";

/** What the receiver does with one POST. `lost`: it takes the events, but its answer never arrives. */
type Answer = "200" | "500" | "429" | "413" | "410" | "lost";

type Owner =
  | { do: "filter"; types: string[] }
  | { do: "format"; format: "cloudevents-batch" | "cloudevents-structured" }
  | { do: "disable" | "resume" | "move-now" | "skip" | "replay" }
  | { do: "move-back"; hours: number }
  | { do: "expire"; entries: boolean; pages: boolean };

/**
 * One thing that happens. `start`: a ring is answered (one that is repeated or comes late is one more). `go`: one of the runs under way
 * gets a step further; `crash`: it dies there and then. Runs may stay where they are while anything else happens: zombies.
 */
type Happening =
  | { kind: "append"; actions: string[] }
  | { kind: "wait"; seconds: number }
  | { kind: "start"; receives: number; replay: boolean }
  | { kind: "go" | "crash"; pick: number; steps: number }
  | { kind: "answers"; answers: Answer[] }
  | { kind: "owner"; owner: Owner };

interface Process {
  /** Calls of it that wait for their turn; some are made at once. */
  waiting: { resolve(): void; reject(error: Error): void }[];
  isDead: boolean;
  isOver: boolean;
}

interface Event {
  id: string;
  position: Position;
  type: string;
  recordedAt: string;
}

class Died extends Error {}

/** It is over, or every call of it waits for its turn. */
async function settled(process: Process): Promise<void> {
  for (let turns = 0; turns < 1000; turns++) {
    await new Promise((next) => setImmediate(next));
    if (process.isOver || process.waiting.length > 0) return;
  }
  throw new Error("A run waits for nothing");
}

/** The world, what the rules say of it, and what went against them. */
class Model {
  readonly world = new LaneWorld();
  readonly processes: Process[] = [];
  readonly broken: string[] = [];
  private answers: Answer[] = [];
  /** Every event ever, in the order of the journal. */
  private readonly events: Event[] = [];
  private readonly pages = new Map<number, Page>();
  /** Filters with the number of events that were there when each came into force. */
  private readonly filters: { types: string[]; from: number }[] = [{ types: [], from: 0 }];
  /** By lane: events that got a 2xx which the sender saw, and those that their owner passed. */
  private readonly delivered = new Map<string, Set<string>>();
  private readonly moved: { from: Position; to: Position }[] = [];
  readonly replays: Ring[] = [];

  constructor() {
    this.world.answer = (request) => this.respond(request);
    this.watchLanes();
  }

  // What the receiver does, and what one number may never be.
  private readonly bodies = new Map<string, string>();
  private respond(request: Received) {
    const place = `${request.lane};${request.number}`;
    const content = `${request.id};${request.previousId};${request.body}`;
    if ((this.bodies.get(place) ?? content) !== content) this.broken.push(`${place} names two deliveries`);
    this.bodies.set(place, content);
    const answer = this.answers.shift() ?? "200";
    if (answer === "200") {
      const seen = this.delivered.get(request.lane) ?? new Set();
      this.delivered.set(request.lane, seen);
      for (const id of request.events) seen.add(id);
    }
    if (answer === "lost") return LOST;
    return answered(Number(answer), answer === "429" ? { retryAfter: "7" } : {});
  }

  private watchLanes(): void {
    const { lanes } = this.world;
    const replace = lanes.replaceLane.bind(lanes);
    lanes.replaceLane = async (next) => {
      const before = structuredClone(lanes.lanes.get(`${WS}/${DST}/${next.lane}`));
      const stored = await replace(next);
      if (stored !== "stale" && before !== undefined) this.judge(before, stored);
      return stored;
    };
  }

  /** Rule 3, and a number that closes once, with its record. */
  private judge(before: Lane, after: Lane): void {
    if (comparePositions(after.cursor, before.cursor) < 0) this.broken.push("a cursor went back");
    const closed = before.frozen;
    if (after.number !== before.number) {
      const row = closed && this.world.deliveries.rows.get(closed.id);
      if (after.number !== before.number + 1 || after.previousId !== closed?.id)
        this.broken.push("a number was jumped");
      if (row === undefined || isOpen(row.outcome))
        this.broken.push(`number ${before.number} closed without a record`);
    }
    const skipped = closed && this.world.deliveries.rows.get(closed.id)?.outcome === "skipped";
    for (const [index, event] of this.events.entries()) {
      const { position } = event;
      if (comparePositions(position, before.cursor) < 0 || comparePositions(position, after.cursor) >= 0)
        continue;
      if (this.delivered.get(after.lane)?.has(event.id)) continue;
      if (this.isUnwanted(event, index) || this.isExpired(event)) continue;
      if (skipped && comparePositions(position, closed.end) < 0) continue;
      this.broken.push(`${after.lane} passed ${event.type} at ${position.page}.${position.index}`);
    }
  }

  /** By a filter that was in force at any time since the event was there. */
  private isUnwanted({ type }: Event, index: number): boolean {
    return this.filters.some(({ types }, place) => {
      const until = this.filters[place + 1]?.from ?? Number.POSITIVE_INFINITY;
      return until > index && types.length > 0 && !types.includes(type);
    });
  }

  private isExpired({ recordedAt }: Event): boolean {
    return recordedAt < (this.world.workspaces.workspaces.get(WS)?.history?.floor ?? "");
  }

  async append(actions: string[]): Promise<void> {
    this.world.now += 1000;
    const entry = await this.world.record(actions);
    const page = this.world.journal.pagesOf(WS).at(-1);
    if (page === undefined) throw new Error("No page");
    this.pages.set(page.page, page);
    for (const [index, action] of actions.entries())
      this.events.push({
        id: eventId(entry.entry, index),
        position: { page: page.page, index },
        type: `pro.atmos.billing.${action}`,
        recordedAt: entry.recordedAt,
      });
  }

  start(receives: number, ring: Ring): void {
    const process: Process = { waiting: [], isDead: false, isOver: false };
    const turns = (): Promise<void> => {
      if (process.isDead) return Promise.reject(new Died());
      return new Promise((resolve, reject) => process.waiting.push({ resolve, reject }));
    };
    const end = (): void => void (process.isOver = true);
    this.world.run({ ring, receives, turns }).then(end, (error: unknown) => {
      if (!(error instanceof Died) && !this.isMerelyLate(error)) this.broken.push(String(error));
      end();
    });
    this.processes.push(process);
  }

  /** An entry that expired and was removed after the run had looked at the workspace: the ring comes back and finds it so. */
  private isMerelyLate(error: unknown): boolean {
    return (
      error instanceof MissingEntryError &&
      this.events.some((event) => error.message.includes(event.id.slice(4, 30)) && this.isExpired(event))
    );
  }

  async go(pick: number, steps: number, crashes = false): Promise<void> {
    const alive = this.processes.filter(({ isOver }) => !isOver);
    const process = alive[pick % Math.max(1, alive.length)];
    if (process === undefined) return;
    for (let step = 0; step < steps && !process.isOver; step++) {
      process.waiting.shift()?.resolve();
      // Short waits pass within a run.
      this.world.now += 100;
      await settled(process);
    }
    if (!crashes || process.isOver) return;
    process.isDead = true;
    while (!process.isOver) {
      for (const { reject } of process.waiting.splice(0)) reject(new Died());
      await settled(process);
    }
  }

  async owner(owner: Owner): Promise<void> {
    const { world } = this;
    const lane = world.lane();
    switch (owner.do) {
      case "filter":
        this.filters.push({ types: owner.types, from: this.events.length });
        return world.patch({ eventTypes: owner.types });
      case "format":
        return world.patch({ format: owner.format });
      case "disable":
        return world.change(disableLane);
      case "resume":
        return world.change(resumeLane);
      case "skip":
        return lane.frozen && world.change((current) => markSkip(current, lane.number));
      case "move-now":
        return this.move(lane, await placeNow(WS, world.journal));
      case "move-back": {
        const time = new Date(world.now - owner.hours * 3_600_000).toISOString();
        return this.move(lane, await placeAt(WS, time, world.journal));
      }
      case "replay": {
        const name = `rpl_${this.replays.length}`;
        const start = { workspace: WS, destination: DST, lane: name, status: "live" as const, createdAt: "" };
        const until = await endAt(WS, new Date(world.now).toISOString(), world.journal);
        world.lanes.put(newLane({ ...start, cursor: { page: 1, index: 0 }, until }));
        this.replays.push({ workspace: WS, destination: DST, lane: name });
        return;
      }
      case "expire":
        world.now += 1;
        return world.expire(owner);
    }
  }

  private async move(lane: Lane, to: Position): Promise<void> {
    const note = skippedNote(lane, 30, this.world.now, new Date(this.world.now).toISOString());
    if (note !== undefined) await this.world.deliveries.note(note);
    this.world.change((current) => moveLane(current, to));
    this.moved.push({ from: lane.cursor, to });
  }

  async happen(happening: Happening): Promise<void> {
    switch (happening.kind) {
      case "append":
        return this.append(happening.actions);
      case "wait":
        this.world.now += happening.seconds * 1000;
        return;
      case "start":
        return this.start(happening.receives, happening.replay ? (this.replays.at(-1) ?? LIVE) : LIVE);
      case "go":
        return this.go(happening.pick, happening.steps);
      case "crash":
        return this.go(happening.pick, happening.steps, true);
      case "answers":
        this.answers = [...happening.answers];
        return;
      case "owner":
        return this.owner(happening.owner);
    }
  }

  /** Everything heals: whatever was under way ends, the receiver takes everything, the lanes are live, and the sweep rings. */
  async heal(): Promise<void> {
    this.answers = [];
    for (let turn = 0; this.processes.some(({ isOver }) => !isOver); turn++) await this.go(turn, 1);
    if (this.world.lane().status !== "live") this.world.change(resumeLane);
    for (const ring of this.replays)
      if (this.world.lane(ring).status === "suspended") this.world.change(resumeLane, ring);
    for (const ring of [LIVE, ...this.replays]) {
      for (let runs = 0; this.isUnfinished(ring); runs++) {
        if (runs > 50) return void this.broken.push(`${ring.lane} does not come to an end`);
        this.world.now += 13 * 3_600_000;
        await this.world.run({ ring, receives: 1 });
      }
    }
    this.checkChains();
  }

  private isUnfinished(ring: Ring): boolean {
    const lane = this.world.lane(ring);
    if (ring !== LIVE) return lane.status !== "ended";
    return isBehind(lane, this.world.journal.pagesOf(WS).at(-1));
  }

  /** In each lane's log: numbers without a hole, each naming the one before, all closed. */
  private checkChains(): void {
    for (const ring of [LIVE, ...this.replays]) {
      const rows = [...this.world.deliveries.rows.values()].filter(({ lane }) => lane === ring.lane);
      const inOrder = rows.toSorted((a, b) => a.number - b.number);
      const isChain = inOrder.every(
        (row, index) => row.number === index + 1 && row.previousId === (inOrder[index - 1]?.delivery ?? "-"),
      );
      if (!isChain) this.broken.push(`the chain of ${ring.lane} has a hole`);
      if (inOrder.some(({ outcome }) => isOpen(outcome)))
        this.broken.push(`a number of ${ring.lane} never closed`);
    }
  }
}

const action = fc.constantFrom("a", "b");
const owner: fc.Arbitrary<Owner> = fc.oneof(
  fc.record({
    do: fc.constant("filter" as const),
    types: fc.subarray(["pro.atmos.billing.a", "pro.atmos.billing.b"]),
  }),
  fc.record({
    do: fc.constant("format" as const),
    format: fc.constantFrom("cloudevents-batch" as const, "cloudevents-structured" as const),
  }),
  fc.record({
    do: fc.constantFrom(
      "disable" as const,
      "resume" as const,
      "move-now" as const,
      "skip" as const,
      "replay" as const,
    ),
  }),
  fc.record({ do: fc.constant("move-back" as const), hours: fc.integer({ min: 0, max: 2 }) }),
  fc.record({ do: fc.constant("expire" as const), entries: fc.boolean(), pages: fc.boolean() }),
);
const answers = fc.array(fc.constantFrom<Answer[]>("200", "500", "429", "413", "410", "lost"), {
  maxLength: 6,
});
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      actions: fc.array(action, { minLength: 1, maxLength: 5 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      seconds: fc.constantFrom(1, 10, 700, 40_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("start" as const),
      receives: fc.integer({ min: 1, max: 5 }),
      replay: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("go" as const),
      pick: fc.nat(3),
      steps: fc.integer({ min: 1, max: 40 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("crash" as const),
      pick: fc.nat(3),
      steps: fc.integer({ min: 1, max: 20 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("answers" as const), answers }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("owner" as const), owner }) },
);

const RUNS = Number(process.env["MODEL_RUNS"] ?? 300);

describe("a lane", () => {
  it(
    "passes an event only by a 2xx, its filter, expiry or a skip, whatever is interleaved, repeated, lost or killed",
    { timeout: 600_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 40 }), async (happenings) => {
          const model = new Model();
          for (const one of happenings) await model.happen(one);
          await model.heal();
          expect(model.broken).toEqual([]);
        }),
        { numRuns: RUNS },
      );
    },
  );
});
