import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type Endpoints, readEndpoints, removeEndpoints } from "../../local/endpoints.ts";
import { pause } from "../bench-stack.ts";
import type { StackOrders } from "./stack-process.ts";

const PROCESS = join(import.meta.dirname, "stack-process.ts");
const READY_MS = 60_000;

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
  let child = start(false);
  let ready = readiness(orders.dir, child);

  function start(rewinds: boolean): ChildProcess {
    removeEndpoints(orders.dir);
    const all: StackOrders = { ...orders, generation: generation++, rewinds, disturbs };
    return spawn(process.execPath, ["--disable-warning=ExperimentalWarning", PROCESS, JSON.stringify(all)], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
  }

  async function killOnce(rewinds: boolean): Promise<void> {
    const ended = once(child, "exit");
    // Those who ask for endpoints from here on wait for the next start.
    const next = Promise.withResolvers<Endpoints>();
    next.promise.catch(() => undefined);
    ready = next.promise;
    child.kill("SIGKILL");
    await ended;
    child = start(rewinds);
    readiness(orders.dir, child).then(next.resolve, next.reject);
  }

  return {
    endpoints: () => ready,
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
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function readiness(dir: string, child: ChildProcess): Promise<Endpoints> {
  const deadline = performance.now() + READY_MS;
  while (performance.now() < deadline) {
    const endpoints = readEndpoints(dir);
    if (endpoints?.pid === child.pid && endpoints !== undefined) return endpoints;
    if (child.exitCode !== null) throw new Error(`the stack ended with ${child.exitCode}`);
    // It was killed before it was ready: the next start answers.
    if (child.signalCode !== null) return new Promise<Endpoints>(() => undefined);
    await pause(20);
  }
  throw new Error(`the stack was not ready after ${READY_MS / 1000} s`);
}
