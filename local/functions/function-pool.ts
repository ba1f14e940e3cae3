import { startInstance, type FunctionInstance, type InstanceSettings } from "./function-instance.ts";
import type { InstanceMessage, InvocationFailure } from "./worker-protocol.ts";

export type InvocationResult = { kind: "done"; result: string } | InvocationFailure;

export interface PoolSettings extends InstanceSettings {
  /** Instances at once, at most. */
  concurrency: number;
  timeoutMs: number;
  requestId(): string;
}

/** The warm instances of one function. Events beyond its concurrency wait, oldest first. */
export interface FunctionPool {
  /** `event` is JSON text, and so is the result. */
  invoke(event: string): Promise<InvocationResult>;
  /** Invocations under way or waiting. */
  busy(): number;
  /** Refuses new events, lets running ones finish for `graceMs`, then ends the threads. */
  stop(graceMs: number): Promise<void>;
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

/** How long an event waits for a running instance before another one is started for it, milliseconds. */
const PATIENCE_MS = 30;

/**
 * Threads start one at a time, and only while events wait: a cold start takes the processor from those that run, and
 * a short burst is over before it is done.
 */
export function createFunctionPool(settings: PoolSettings): FunctionPool {
  const idle: FunctionInstance[] = [];
  const all = new Set<FunctionInstance>();
  const waiting: Waiting[] = [];
  const quiet: (() => void)[] = [];
  let running = 0;
  let starting = false;
  let patience: NodeJS.Timeout | undefined;
  let stopped = false;

  const run = async (instance: FunctionInstance, { event, resolve }: Waiting): Promise<void> => {
    running += 1;
    const deadline = Date.now() + settings.timeoutMs;
    const message = await instance.invoke(
      { requestId: settings.requestId(), event, deadline },
      settings.timeoutMs,
    );
    running -= 1;
    if (instance.isAlive()) idle.push(instance);
    else all.delete(instance);
    resolve(resultOf(message));
    dispatch();
    if (running === 0) for (const done of quiet.splice(0)) done();
  };

  const start = async (): Promise<void> => {
    const started = await startInstance(settings);
    starting = false;
    if ("kind" in started) {
      waiting.shift()?.resolve(started);
    } else {
      all.add(started);
      idle.push(started);
      if (stopped) await started.terminate();
    }
    dispatch();
  };

  const dispatch = (): void => {
    while (waiting.length > 0) {
      const instance = idle.pop();
      if (instance === undefined) break;
      const next = instance.isAlive() ? waiting.shift() : undefined;
      if (next === undefined) all.delete(instance);
      else void run(instance, next);
    }
    grow();
  };

  const grow = (): void => {
    if (waiting.length === 0 || starting || stopped || all.size >= settings.concurrency) return;
    starting = true;
    if (all.size === 0) void start();
    else patience = setTimeout(startIfNeeded, PATIENCE_MS);
  };
  const startIfNeeded = (): void => {
    if (waiting.length > 0 && !stopped) void start();
    else starting = false;
  };

  const invoke = (event: string): Promise<InvocationResult> => {
    if (stopped) return Promise.resolve(STOPPED);
    return new Promise((resolve) => {
      waiting.push({ event, resolve });
      dispatch();
    });
  };

  const stop = async (graceMs: number): Promise<void> => {
    stopped = true;
    clearTimeout(patience);
    for (const { resolve } of waiting.splice(0)) resolve(STOPPED);
    if (running > 0) {
      const timer = Promise.withResolvers<void>();
      const handle = setTimeout(timer.resolve, graceMs);
      await Promise.race([timer.promise, new Promise<void>((resolve) => quiet.push(resolve))]);
      clearTimeout(handle);
    }
    await Promise.all([...all].map((instance) => instance.terminate()));
  };

  return { invoke, busy: () => running + waiting.length, stop };
}
