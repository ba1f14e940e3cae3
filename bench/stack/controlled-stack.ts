import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type Endpoints, readEndpoints, removeEndpoints } from "../../local/endpoints.ts";
import { pause } from "./bench-stack.ts";
import type { StackOrders } from "./stack-process.ts";

const PROCESS = join(import.meta.dirname, "stack-process.ts");
const READY_MS = 60_000;
/** A stack that does not end by then is killed. */
const STOP_MS = 30_000;

/** A stack in a process of its own, started again and again on one folder. */
export interface ControlledStack {
  /** Where it listens; waits while it starts. */
  endpoints(): Promise<Endpoints>;
  /** Begins the faults inside. */
  disturb(): void;
  /** `kill -9`, and a new start. `againAfterMs`: killed once more so long after that start, ready or not. */
  kill(how: { rewinds: boolean; againAfterMs?: number | undefined }): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the stack. It is not ready yet when this returns. */
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
    waiting.promise.catch(() => undefined); // whoever waits for it has the error too
    try {
      const endpoints = await readiness(orders.dir, started);
      // Killed before it was ready: those who wait go on waiting for the next start.
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
    renew(); // it may have become ready on its deathbed
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

/** Of a process that may have ended by itself before. */
async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

/** `undefined` when it was killed before. */
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
