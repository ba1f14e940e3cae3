import { type DeliveryOutcome, isOpen } from "../../lambdas/core/delivery/delivery-record.ts";
import type { LaneRow } from "../../lambdas/core/lane/row-schema.ts";
import type { Recorded } from "../../lambdas/core/journal/recorded-window.ts";
import type { Position } from "../../lambdas/core/journal/page.ts";
import type { Received } from "./in-memory-lanes.ts";

/** Counts what happens. The rules know no time other than this order. */
type Tick = number;

interface KnownEvent {
  id: string;
  type: string;
  recordedAt: string;
  tick: Tick;
}

/**
 * The events that a lane must deliver from one start or move to the next: from `begin` up to `end`, by their position
 * in the journal.
 */
interface JournalRange {
  begin: number;
  end?: number | undefined;
  /** The window of a replay: events of other times must not be sent. */
  recorded?: Recorded;
  fromNumber: number;
  tick: Tick;
  isCancelled: boolean;
}

interface Numbered {
  id: string;
  tick: Tick;
  floor: string;
  /** Events between the cursor and the end of the range. */
  covers: [number, number];
  content?: string;
  events: number[];
  takenAt?: Tick;
  isMarked: boolean;
  /** Numbers in the order of the log. */
  outcomes: { outcome: DeliveryOutcome; tick: Tick }[];
}

interface LaneFacts {
  ranges: JournalRange[];
  numbers: Map<number, Numbered>;
}

/**
 * What a receiver must get, computed from the journal, the filters and the owners' actions, never from a lane's cursor:
 * every event of a range that the filter includes, at least once and in order, nothing else, and one body per number.
 * Events are identified by their position in the journal.
 */
export class LaneRules {
  readonly broken: string[] = [];
  private tick: Tick = 0;
  private floor = "";
  private isHealing = false;
  /** While the destination is disabled: how many POSTs each lane may still make. */
  private stillComing: Map<string, number> | undefined;
  private readonly events: KnownEvent[] = [];
  private readonly places = new Map<string, number>();
  private readonly pages: { page: number; at: string; first: number }[] = [];
  private readonly filters: { types: string[]; tick: Tick }[] = [{ types: [], tick: 0 }];
  private readonly lanes = new Map<string, LaneFacts>();

  // What happens to the world.

  journalled(page: number, at: string, events: readonly Omit<KnownEvent, "tick">[]): void {
    this.pages.push({ page, at, first: this.events.length });
    const tick = ++this.tick;
    for (const event of events) {
      this.places.set(event.id, this.events.length);
      this.events.push({ ...event, tick });
    }
  }

  filtered(types: string[]): void {
    this.filters.push({ types, tick: ++this.tick });
  }

  expired(floor: string): void {
    this.tick++;
    if (floor > this.floor) this.floor = floor;
  }

  /** The lane begins or is moved: deliveries from `fromNumber` on belong to this range. */
  begins(
    lane: string,
    begin: number,
    fromNumber = 1,
    replay: Pick<JournalRange, "end" | "recorded"> = {},
  ): void {
    const facts: LaneFacts = this.lanes.get(lane) ?? { ranges: [], numbers: new Map() };
    this.lanes.set(lane, facts);
    facts.ranges.push({ begin, ...replay, fromNumber, tick: ++this.tick, isCancelled: false });
  }

  marked(lane: string, number: number): void {
    this.numbered(lane, number).isMarked = true;
  }

  cancelled(lane: string): void {
    for (const range of this.factsOf(lane).ranges) range.isCancelled = true;
  }

  /**
   * The owner got the response. Each run that was under way may make one more POST, but no other run of any lane may.
   */
  disabled(underWay: ReadonlyMap<string, number>): void {
    this.stillComing = new Map(underWay);
  }

  enabled(): void {
    this.stillComing = undefined;
  }

  heals(): void {
    this.isHealing = true;
  }

  noted(lane: string, number: number, outcome: DeliveryOutcome): void {
    this.numbered(lane, number).outcomes.push({ outcome, tick: ++this.tick });
  }

  /** Deliver writes a lane. */
  wrote(before: LaneRow, after: LaneRow): void {
    const tick = ++this.tick;
    const { numbers } = this.factsOf(after.lane);
    if (this.indexOf(after.cursor) < this.indexOf(before.cursor)) this.broken.push("a cursor went back");
    if (after.number !== before.number) this.closed(before, after);
    if (this.lapsedOf(after).some((place) => !this.isExpired(place, this.floor)))
      this.broken.push(`${after.lane} took for expired what has not`);
    const { frozen } = after;
    if (frozen === undefined || frozen.id === before.frozen?.id) return;
    if (before.status !== "live") this.broken.push(`${after.lane} froze while ${before.status}`);
    if (numbers.has(frozen.number)) this.broken.push(`${after.lane};${frozen.number} was given twice`);
    const covers: [number, number] = [this.indexOf(after.cursor), this.indexOf(frozen.end)];
    const { id, number } = frozen;
    numbers.set(number, { id, tick, floor: this.floor, covers, events: [], isMarked: false, outcomes: [] });
  }

  private closed(before: LaneRow, after: LaneRow): void {
    const { frozen, lane, number } = before;
    if (frozen === undefined || after.number !== number + 1 || after.previousId !== frozen.id)
      return void this.broken.push(`${lane} jumped a number after ${number}`);
    if (this.numbered(lane, number).outcomes.every(({ outcome }) => isOpen(outcome)))
      this.broken.push(`${lane};${number} closed without a record`);
  }

  posted(request: Received): void {
    this.tick++;
    const { lane, number } = request;
    const name = `${lane};${number}`;
    this.judgeSilence(lane, name);
    const facts = this.factsOf(lane).numbers.get(number);
    if (facts === undefined) return void this.broken.push(`${name} was sent and never frozen`);
    const previous = this.factsOf(lane).numbers.get(number - 1)?.id ?? "-";
    if (request.id !== facts.id || request.previousId !== previous)
      this.broken.push(`${name} names another delivery`);
    if (this.isHealing && request.events.some((id) => this.isExpired(this.places.get(id), this.floor)))
      this.broken.push(`${name} holds what has expired`);
    const content = `${request.id};${request.previousId};${request.body}`;
    if (facts.content !== undefined) {
      if (facts.content !== content) this.broken.push(`${name} names two bodies`);
      return;
    }
    facts.content = content;
    facts.events = request.events.map((id) => this.places.get(id) ?? -1);
    this.judgeBody(name, lane, number, facts);
  }

  private judgeSilence(lane: string, name: string): void {
    if (this.stillComing === undefined) return;
    const left = this.stillComing.get(lane) ?? 0;
    if (left === 0) this.broken.push(`${name} was sent while its destination was disabled`);
    this.stillComing.set(lane, left - 1);
  }

  took({ lane, number }: Received): void {
    this.numbered(lane, number).takenAt ??= ++this.tick;
  }

  // What must hold.

  /**
   * The events of one delivery must be in order, in its range and included by the filter, and none before them may be
   * left out.
   */
  private judgeBody(name: string, lane: string, number: number, facts: Numbered): void {
    const range = this.rangeOf(lane, number);
    const [first = -1] = facts.events;
    const last = facts.events.at(-1) ?? -1;
    if (facts.events.some((place, index) => index > 0 && place <= (facts.events[index - 1] ?? -1)))
      this.broken.push(`${name} is out of order`);
    if (first < range.begin || last >= (range.end ?? Number.POSITIVE_INFINITY))
      this.broken.push(`${name} lies outside its range`);
    for (const place of facts.events) {
      if (!this.mayHold(lane, place, range, facts)) this.broken.push(`${name} holds ${place}, unwanted`);
      if (this.isDeliveredBefore(lane, place, range, { number, tick: facts.tick }))
        this.broken.push(`${name} holds ${place}, delivered before`);
    }
    for (let place = range.begin; place < last; place++)
      if (!facts.events.includes(place) && !this.isSettled(lane, place, range, facts))
        this.broken.push(`${name} passed ${place}`);
  }

  /**
   * A change of the filter increments the live lane's version, so a pending batch uses the filter of the time when it
   * was stored; a replay's may use any filter that was in force during the replay.
   */
  private mayHold(lane: string, place: number, range: JournalRange, { tick }: Numbered): boolean {
    if (!this.isRecordedIn(place, range)) return false;
    const inForce = this.filtersSince(lane === "live" ? tick : range.tick, tick);
    return inForce.some((types) => this.wants(types, place));
  }

  /**
   * The log had closed a number with this event as delivered before it could record any other outcome of that number.
   */
  private isDeliveredBefore(
    lane: string,
    place: number,
    range: JournalRange,
    than: { number: number; tick: Tick },
  ): boolean {
    return this.numbersOf(lane, range).some(([number, { events, outcomes }]) => {
      const closing = outcomes.find(({ outcome }) => !isOpen(outcome));
      const isDelivered = closing?.outcome === "delivered" && closing.tick < than.tick;
      return number < than.number && events.includes(place) && isDelivered;
    });
  }

  /**
   * Before `tick`, the receiver accepted the event, it had expired, a filter excluded it while it lay ahead, or its
   * owner skipped it.
   */
  private isSettled(
    lane: string,
    place: number,
    range: JournalRange,
    { tick, floor }: Pick<Numbered, "tick" | "floor">,
  ): boolean {
    if (this.isExpired(place, floor) || !this.isRecordedIn(place, range)) return true;
    const since = Math.max(range.tick, this.events[place]?.tick ?? 0);
    if (this.filtersSince(since, tick).some((types) => !this.wants(types, place))) return true;
    return this.numbersOf(lane, range).some(([, { events, covers, isMarked, outcomes, takenAt }]) => {
      if (takenAt !== undefined && takenAt < tick && events.includes(place)) return true;
      const isSkipped = isMarked && outcomes.some(({ outcome }) => outcome === "skipped");
      return isSkipped && covers[0] <= place && place < covers[1];
    });
  }

  /** After recovery: the events that each lane has still not delivered, and numbers that are open. */
  judgeEnd(): void {
    for (const [lane, { ranges, numbers }] of this.lanes) {
      const range = ranges.at(-1);
      if (range === undefined || range.isCancelled) continue;
      const end = range.end ?? this.events.length;
      const now = { tick: Number.POSITIVE_INFINITY, floor: this.floor };
      for (let place = range.begin; place < end; place++)
        if (!this.isSettled(lane, place, range, now)) this.broken.push(`${lane} never sent ${place}`);
      for (const [number, { outcomes }] of numbers)
        if (outcomes.every(({ outcome }) => isOpen(outcome))) this.broken.push(`${lane};${number} is open`);
    }
  }

  /** Events that the live lane passed only because they had expired must be remembered as long as their pages exist. */
  judgeLapsed(lane: LaneRow, left: ReadonlySet<number>): void {
    const range = this.factsOf(lane.lane).ranges.at(-1);
    if (range === undefined) return;
    const lapsed = new Set(this.lapsedOf(lane));
    const now = { tick: Number.POSITIVE_INFINITY, floor: "" };
    for (let place = range.begin; place < this.indexOf(lane.cursor); place++) {
      const page = this.pages.findLast(({ first }) => first <= place)?.page ?? 0;
      if (left.has(page) && !lapsed.has(place) && !this.isSettled(lane.lane, place, range, now))
        this.broken.push(`${lane.lane} passed ${place} and forgot it`);
    }
  }

  private lapsedOf({ lapsed = [] }: LaneRow): number[] {
    return lapsed.flatMap(({ from, to }) => {
      const first = this.indexOf(from);
      return Array.from({ length: this.indexOf(to) - first }, (_, place) => first + place);
    });
  }

  // Positions in the journal.

  /** The position after everything journalled. */
  now(): number {
    return this.events.length;
  }

  /** The first event of the first remaining page that was journalled at or after `time`. */
  placeOf(time: string, left: ReadonlySet<number>): number {
    const found = this.pages.find(({ page, at }) => left.has(page) && at >= time);
    return found?.first ?? this.now();
  }

  private indexOf({ page, index }: Position): number {
    const found = this.pages.find((candidate) => candidate.page >= page);
    return found === undefined ? this.now() : found.first + (found.page === page ? index : 0);
  }

  private factsOf(lane: string): LaneFacts {
    const facts = this.lanes.get(lane);
    if (facts === undefined) throw new Error(`No lane ${lane}`);
    return facts;
  }

  private numbered(lane: string, number: number): Numbered {
    const facts = this.factsOf(lane).numbers.get(number);
    if (facts === undefined) throw new Error(`No number ${lane};${number}`);
    return facts;
  }

  private rangeOf(lane: string, number: number): JournalRange {
    const range = this.factsOf(lane).ranges.findLast(({ fromNumber }) => fromNumber <= number);
    if (range === undefined) throw new Error(`No range of ${lane};${number}`);
    return range;
  }

  private numbersOf(lane: string, range: JournalRange): [number, Numbered][] {
    return [...this.factsOf(lane).numbers].filter(([number]) => this.rangeOf(lane, number) === range);
  }

  /** The filters that were in force at any moment between two ticks. */
  private filtersSince(from: Tick, to: Tick): string[][] {
    const inForce = this.filters.filter(({ tick }, place) => {
      const until = this.filters[place + 1]?.tick ?? Number.POSITIVE_INFINITY;
      return tick <= to && until > from;
    });
    return inForce.map(({ types }) => types);
  }

  private wants(types: readonly string[], place: number): boolean {
    return types.length === 0 || types.includes(this.events[place]?.type ?? "");
  }

  private isRecordedIn(place: number, { recorded }: JournalRange): boolean {
    const { recordedAt = "" } = this.events[place] ?? {};
    return recorded === undefined || (recorded.from <= recordedAt && recordedAt < recorded.to);
  }

  private isExpired(place: number | undefined, floor: string): boolean {
    return place !== undefined && (this.events[place]?.recordedAt ?? "") < floor;
  }

  /** Whether the entry has expired. */
  isExpiredEntry(text: string): boolean {
    return this.events.some(
      ({ id }, place) => text.includes(id.slice(4, 30)) && this.isExpired(place, this.floor),
    );
  }
}
