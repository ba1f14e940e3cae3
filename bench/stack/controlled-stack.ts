import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type Endpoints, readEndpoints, removeEndpoints } from "../../local/endpoints.ts";
import { pause } from "./bench-stack.ts";
import type { StackOrders } from "./stack-process.ts";

const PROCESS = join(import.meta.dirname, "stack-process.ts");
const READY_MS = 60_000;
/** A stack that takes longer to stop is killed. */
const STOP_MS = 30_000;

/** A stack in its own process that can be restarted in the same folder. */
export interface ControlledStack {
  /** The addresses that the stack listens on; waits while it starts. */
  endpoints(): Promise<Endpoints>;
  /** Starts injecting faults inside the stack. */
  disturb(): void;
  /**
   * Kills the stack with SIGKILL and starts it again. With `againAfterMs`, it is killed once more this long after that
   * start, ready or not.
   */
  kill(how: { rewinds: boolean; againAfterMs?: number | undefined }): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the stack, and returns before it is ready. */
export function controlStack(
  orders: Omit<StackOrders, "generation" | "rewinds" | "disturbs">,
): ControlledStack {
  let generation = 0;
  let disturbs = false;
  let ready = Promise.withResolvers<Endpoints>();
  let isReady = false;
  let child = start(false);

  function start(rewinds: boolean): ChildProcess {
    removeEndpoints(orders.dir);
    const all: StackOrders = { ...orders, generation: generation++, rewinds, disturbs };
    const started = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", PROCESS, JSON.stringify(all)],
      { stdio: ["ignore", "ignore", "inherit", "ipc"] },
    );
    void follow(started, ready);
    return started;
  }

  async function follow(started: ChildProcess, waiting: typeof ready): Promise<void> {
    waiting.promise.catch(() => undefined); // Callers that await it get the error too.
    try {
      const endpoints = await readiness(orders.dir, started);
      // Killed before it was ready: callers keep waiting for the next start.
      if (endpoints === undefined || started !== child) return;
      isReady = true;
      waiting.resolve(endpoints);
    } catch (error) {
      waiting.reject(error);
    }
  }

  async function killOnce(rewinds: boolean): Promise<void> {
    const ended = endOf(child);
    const renew = (): void => {
      if (isReady) ready = Promise.withResolvers<Endpoints>();
      isReady = false;
    };
    renew();
    child.kill("SIGKILL");
    await ended;
    renew(); // The stack may have become ready just before it was killed.
    child = start(rewinds);
  }

  return {
    endpoints: () => ready.promise,
    disturb() {
      disturbs = true;
      child.send("disturb");
    },
    async kill({ rewinds, againAfterMs }) {
      await killOnce(rewinds);
      if (againAfterMs === undefined) return;
      await pause(againAfterMs);
      await killOnce(rewinds);
    },
    async stop() {
      const ended = endOf(child);
      child.kill("SIGTERM");
      const last = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await ended;
      clearTimeout(last);
    },
  };
}

/** Resolves when the process ends, also when it had already ended. */
async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

/** Resolves with `undefined` when the process was killed before it was ready. */
async function readiness(dir: string, child: ChildProcess): Promise<Endpoints | undefined> {
  const deadline = performance.now() + READY_MS;
  while (performance.now() < deadline) {
    const endpoints = readEndpoints(dir);
    if (endpoints?.pid === child.pid && endpoints !== undefined) return endpoints;
    if (child.exitCode !== null) throw new Error(`the stack ended with ${child.exitCode}`);
    if (child.signalCode !== null) return undefined;
    await pause(20);
  }
  throw new Error(`the stack was not ready after ${READY_MS / 1000} s`);
}
