import type { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import type { VirtualClock } from "../clock.ts";
import type { InvocationResult } from "./function-pool.ts";

/** What Lambda does with an event that nobody waits for; times in milliseconds of the stack's clock. */
export interface AsyncPolicy {
  maxRetries: number;
  maxAgeMs: number;
  /** Told when it is given up; with the reason as Lambda names it. */
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

/** Events that functions get without anyone waiting: durable once `send` returned, tried again after a failure. */
export interface AsyncInvocations {
  send(functionName: string, event: string, source: string): void;
  /** Whether an event from `source` is still under way or waits for a retry. */
  isPending(source: string): boolean;
  /** Events that could run now or do. */
  busy(): number;
  stop(): Promise<void>;
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

export function createAsyncInvocations(options: AsyncInvocationsOptions): AsyncInvocations {
  const { state, clock } = options;
  const insert = state.prepare(
    "INSERT INTO async_invocations (function, source, event, sent, attempts, due) VALUES (?, ?, ?, ?, 0, ?)",
  );
  const due = state.prepare("SELECT * FROM async_invocations WHERE due <= ? ORDER BY id LIMIT 100");
  const nextDue = state.prepare("SELECT min(due) AS due FROM async_invocations WHERE due > ?");
  const update = state.prepare("UPDATE async_invocations SET attempts = ?, due = ? WHERE id = ?");
  const remove = state.prepare("DELETE FROM async_invocations WHERE id = ?");
  const pending = state.prepare("SELECT count(*) AS count FROM async_invocations WHERE source = ?");
  const running = new Map<number, Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const settle = (row: Row, result: InvocationResult): void => {
    if (result.kind === "done") {
      remove.run(row.id);
      return;
    }
    const policy = options.policyOf(row.function);
    const attempts = row.attempts + 1;
    const next = clock.now() + RETRY_MS * attempts;
    const isOld = next - row.sent > policy.maxAgeMs;
    if (attempts > policy.maxRetries || isOld) {
      remove.run(row.id);
      policy.giveUp?.(row.event, isOld ? "EventAgeExceeded" : "RetriesExhausted");
    } else update.run(attempts, next, row.id);
  };

  const run = async (row: Row): Promise<void> => {
    const result = await options.invoke(row.function, row.event, row.source);
    // What the stop cut off stays as it was and comes again at the next start.
    if (!stopped || result.kind === "done") settle(row, result);
    running.delete(row.id);
    if (!stopped) look();
  };

  const look = (): void => {
    const now = clock.now();
    for (const found of due.all(now)) {
      const row = rowSchema.parse(found);
      if (!running.has(row.id)) running.set(row.id, run(row));
    }
    clearTimeout(timer);
    const next = nextDue.get(now)?.["due"];
    if (typeof next === "number") {
      timer = setTimeout(look, Math.min(Math.max(clock.realDelay(next - now), 5), LONGEST_TIMER_MS));
    }
  };

  look();
  return {
    send: (functionName, event, source) => {
      insert.run(functionName, source, event, clock.now(), clock.now());
      if (!stopped) look();
    },
    isPending: (source) => pending.get(source)?.["count"] !== 0,
    busy: () => running.size,
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await Promise.all(running.values());
    },
  };
}
