import type { Queue } from "./queue-store.ts";

/** Longer waits are divided into timers of this length, because `setTimeout` is limited to 24.8 days. */
const MAX_TIMER_MS = 60_000;

/** Callers that wait for messages of a queue, and listeners for messages of any queue. */
export class Arrivals {
  readonly #waiting = new Map<number, Set<() => void>>();
  readonly #listeners = new Set<(queueArn: string) => void>();
  #closed = false;

  get closed(): boolean {
    return this.#closed;
  }

  /** Wakes all callers that wait for a queue. Called after the commit, not inside the transaction. */
  announce(queue: Queue): void {
    for (const wake of this.#waiting.get(queue.id) ?? []) wake();
    queueMicrotask(() => {
      for (const listener of this.#listeners) listener(queue.arn);
    });
  }

  listen(listener: (queueArn: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves when a message arrives, after `realMs`, when the caller has disconnected, or at the end. */
  wait(queue: Queue, realMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#closed || signal?.aborted === true) return Promise.resolve();
    const waiting = this.#waiting.get(queue.id) ?? new Set<() => void>();
    this.#waiting.set(queue.id, waiting);
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", wake);
        waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.min(Math.max(1, Math.ceil(realMs)), MAX_TIMER_MS));
      signal?.addEventListener("abort", wake, { once: true });
      waiting.add(wake);
    });
  }

  close(): void {
    this.#closed = true;
    for (const waiting of this.#waiting.values()) for (const wake of waiting) wake();
  }
}
