import type { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import type { VirtualClock } from "../clock.ts";
import type { InvocationResult } from "./function-pool.ts";

/** How Lambda handles events of asynchronous invocations. Times are in milliseconds of the stack's clock. */
export interface AsyncPolicy {
  maxRetries: number;
  maxAgeMs: number;
  /** Called when an event is discarded, with the reason as Lambda names it. */
  giveUp?: ((event: string, condition: string) => void) | undefined;
}

export const DEFAULT_ASYNC_POLICY: AsyncPolicy = { maxRetries: 2, maxAgeMs: 6 * 3_600_000 };

/** Lambda waits one minute before the first retry and two before the second. */
const RETRY_MS = 60_000;
const LONGEST_TIMER_MS = 2_147_483_647;

export interface AsyncInvocationsOptions {
  state: DatabaseSync;
  clock: VirtualClock;
  policyOf(functionName: string): AsyncPolicy;
  invoke(functionName: string, event: string, source: string): Promise<InvocationResult>;
}

const rowSchema = z.object({
  id: z.number(),
  function: z.string(),
  source: z.string(),
  event: z.string(),
  sent: z.number(),
  attempts: z.number(),
  due: z.number(),
});
type Row = z.infer<typeof rowSchema>;

function prepareStatements(state: DatabaseSync) {
  return {
    insert: state.prepare(
      "INSERT INTO async_invocations (function, source, event, sent, attempts, due) VALUES (?, ?, ?, ?, 0, ?)",
    ),
    due: state.prepare("SELECT * FROM async_invocations WHERE due <= ? ORDER BY id LIMIT 100"),
    nextDue: state.prepare("SELECT min(due) AS due FROM async_invocations WHERE due > ?"),
    update: state.prepare("UPDATE async_invocations SET attempts = ?, due = ? WHERE id = ?"),
    remove: state.prepare("DELETE FROM async_invocations WHERE id = ?"),
    pending: state.prepare("SELECT count(*) AS count FROM async_invocations WHERE source = ?"),
  };
}

/** Asynchronous invocations: events are durable once `send` has returned, and are retried after a failure. */
export class AsyncInvocations {
  readonly #options: AsyncInvocationsOptions;
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #running = new Map<number, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** Continues with the events of earlier runs. */
  constructor(options: AsyncInvocationsOptions) {
    this.#options = options;
    this.#statements = prepareStatements(options.state);
    this.#look();
  }

  send(functionName: string, event: string, source: string): void {
    const now = this.#options.clock.now();
    this.#statements.insert.run(functionName, source, event, now, now);
    if (!this.#stopped) this.#look();
  }

  /** Whether an event from `source` is being handled or waits for a retry. */
  isPending(source: string): boolean {
    return this.#statements.pending.get(source)?.["count"] !== 0;
  }

  /** Number of events that are being handled. */
  busy(): number {
    return this.#running.size;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await Promise.all(this.#running.values());
  }

  #look(): void {
    const { clock } = this.#options;
    const now = clock.now();
    for (const found of this.#statements.due.all(now)) {
      const row = rowSchema.parse(found);
      if (!this.#running.has(row.id)) this.#running.set(row.id, this.#run(row));
    }
    clearTimeout(this.#timer);
    const next = this.#statements.nextDue.get(now)?.["due"];
    if (typeof next !== "number") return;
    const delay = Math.min(Math.max(clock.realDelay(next - now), 5), LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => this.#look(), delay);
  }

  async #run(row: Row): Promise<void> {
    const result = await this.#options.invoke(row.function, row.event, row.source);
    // An event that the stop interrupted keeps its state and is handled again after the next start.
    if (!this.#stopped || result.kind === "done") this.#settle(row, result);
    this.#running.delete(row.id);
    if (!this.#stopped) this.#look();
  }

  #settle(row: Row, result: InvocationResult): void {
    if (result.kind === "done") {
      this.#statements.remove.run(row.id);
      return;
    }
    const policy = this.#options.policyOf(row.function);
    const attempts = row.attempts + 1;
    const next = this.#options.clock.now() + RETRY_MS * attempts;
    const isOld = next - row.sent > policy.maxAgeMs;
    if (attempts > policy.maxRetries || isOld) {
      this.#statements.remove.run(row.id);
      policy.giveUp?.(row.event, isOld ? "EventAgeExceeded" : "RetriesExhausted");
    } else this.#statements.update.run(attempts, next, row.id);
  }
}
