import type { Verdict } from "../receiver/verdict.ts";

/** What has arrived so far, for the summary. */
export interface ArrivalSummary {
  batches: number;
  /** Different events, each counted once, including those that Trailcast records about itself. */
  events: number;
  /** Events that were posted and have not arrived yet. */
  missing: number;
  repeated: number;
  outOfOrder: number;
  unverified: number;
  medianLatencyMs: number | undefined;
  slowestMs: number | undefined;
}

/** Compares arrived events with posted ones. Times are in milliseconds of one monotonic clock. */
export class Arrivals {
  readonly #postedAt = new Map<string, number>();
  readonly #order = new Map<string, number>();
  readonly #arrived = new Set<string>();
  readonly #latencies: number[] = [];
  #batches = 0;
  #repeated = 0;
  #outOfOrder = 0;
  #unverified = 0;
  #last = -1;
  #forgotten = false;

  /** Notes the ids in the response to a POST. `at` is when it was sent. */
  posted(ids: readonly string[], at: number): void {
    for (const id of ids) {
      this.#postedAt.set(id, at);
      this.#order.set(id, this.#order.size);
    }
  }

  /** Stops noting posted events, so that memory does not grow in a stack that runs for days. */
  forget(): void {
    this.#forgotten = true;
    this.#postedAt.clear();
    this.#order.clear();
    this.#arrived.clear();
  }

  /** Notes a batch. Returns the latency of its oldest event if that was posted here. */
  arrived(verdict: Verdict, at: number): number | undefined {
    if (this.#forgotten) return undefined;
    this.#batches++;
    if (verdict.kind !== "verified") {
      this.#unverified++;
      return undefined;
    }
    const latencies = verdict.events.flatMap(({ id }) => {
      this.#note(id);
      const posted = this.#postedAt.get(id);
      return posted === undefined ? [] : [at - posted];
    });
    this.#latencies.push(...latencies);
    return latencies.length === 0 ? undefined : Math.max(...latencies);
  }

  #note(id: string): void {
    if (this.#arrived.has(id)) this.#repeated++;
    this.#arrived.add(id);
    const place = this.#order.get(id);
    if (place === undefined) return;
    if (place < this.#last) this.#outOfOrder++;
    this.#last = Math.max(this.#last, place);
  }

  /** Number of posted events that have not arrived yet. */
  get missing(): number {
    return [...this.#order.keys()].filter((id) => !this.#arrived.has(id)).length;
  }

  summary(): ArrivalSummary {
    const sorted = this.#latencies.toSorted((one, other) => one - other);
    return {
      batches: this.#batches,
      events: this.#arrived.size,
      missing: this.missing,
      repeated: this.#repeated,
      outOfOrder: this.#outOfOrder,
      unverified: this.#unverified,
      medianLatencyMs: sorted[Math.floor(sorted.length / 2)],
      slowestMs: sorted.at(-1),
    };
  }
}
