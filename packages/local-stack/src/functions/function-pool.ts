import { startInstance, type FunctionInstance, type InstanceSettings } from "./function-instance.ts";
import type { InstanceMessage, InvocationFailure } from "./worker-protocol.ts";

export type InvocationResult = { kind: "done"; result: string } | InvocationFailure;

export interface PoolSettings extends InstanceSettings {
  /** Maximum number of concurrent instances. */
  concurrency: number;
  timeoutMs: number;
  requestId(): string;
}

const STOPPED: InvocationFailure = {
  kind: "failed",
  errorType: "RuntimeStopped",
  errorMessage: "the local runtime stopped before the function finished",
  trace: [],
};

interface Waiting {
  event: string;
  resolve(result: InvocationResult): void;
}

function resultOf(message: InstanceMessage): InvocationResult {
  if (message.kind !== "ready") return message;
  return { kind: "failed", errorType: "Runtime.ProtocolError", errorMessage: "loaded twice", trace: [] };
}

/** Milliseconds that an event waits for a busy instance before another one is started for it. */
const PATIENCE_MS = 30;

/**
 * The running instances of one function. Events beyond its concurrency wait, oldest first.
 *
 * Threads are started one at a time and only while events wait, because a cold start slows down the running instances,
 * and a short burst ends before a thread is ready.
 */
export class FunctionPool {
  readonly #settings: PoolSettings;
  readonly #idle: FunctionInstance[] = [];
  readonly #all = new Set<FunctionInstance>();
  readonly #waiting: Waiting[] = [];
  readonly #quiet: (() => void)[] = [];
  #running = 0;
  #starting = false;
  #stopped = false;
  #patience: NodeJS.Timeout | undefined;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
  }

  /** `event` and the result are JSON text. */
  invoke(event: string): Promise<InvocationResult> {
    if (this.#stopped) return Promise.resolve(STOPPED);
    return new Promise((resolve) => {
      this.#waiting.push({ event, resolve });
      this.#dispatch();
    });
  }

  /** Number of invocations that run or wait. */
  busy(): number {
    return this.#running + this.#waiting.length;
  }

  /** Refuses new events, lets running ones finish within `graceMs`, then ends the threads. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#patience);
    for (const { resolve } of this.#waiting.splice(0)) resolve(STOPPED);
    if (this.#running > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, graceMs);
      this.#quiet.push(resolve);
      await promise;
      clearTimeout(timer);
    }
    await Promise.all([...this.#all].map((instance) => instance.terminate()));
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const instance = this.#idle.pop();
      if (instance === undefined) break;
      const next = instance.isAlive() ? this.#waiting.shift() : undefined;
      if (next === undefined) this.#all.delete(instance);
      else void this.#run(instance, next);
    }
    this.#grow();
  }

  async #run(instance: FunctionInstance, { event, resolve }: Waiting): Promise<void> {
    const { timeoutMs, requestId } = this.#settings;
    this.#running += 1;
    const message = await instance.invoke(
      { requestId: requestId(), event, deadline: Date.now() + timeoutMs },
      timeoutMs,
    );
    this.#running -= 1;
    if (instance.isAlive()) this.#idle.push(instance);
    else this.#all.delete(instance);
    resolve(resultOf(message));
    this.#dispatch();
    if (this.#running === 0) for (const done of this.#quiet.splice(0)) done();
  }

  #grow(): void {
    const isFull = this.#all.size >= this.#settings.concurrency;
    if (this.#waiting.length === 0 || this.#starting || this.#stopped || isFull) return;
    this.#starting = true;
    if (this.#all.size === 0) void this.#start();
    else this.#patience = setTimeout(() => this.#startIfNeeded(), PATIENCE_MS);
  }

  #startIfNeeded(): void {
    if (this.#waiting.length > 0 && !this.#stopped) void this.#start();
    else this.#starting = false;
  }

  async #start(): Promise<void> {
    const started = await startInstance(this.#settings);
    this.#starting = false;
    if ("kind" in started) {
      this.#waiting.shift()?.resolve(started);
    } else {
      this.#all.add(started);
      this.#idle.push(started);
      if (this.#stopped) await started.terminate();
    }
    this.#dispatch();
  }
}
