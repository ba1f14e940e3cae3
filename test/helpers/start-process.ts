import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { vi } from "vitest";
import { type Endpoints, readEndpoints } from "../../local/endpoints.ts";

const PROJECT = join(import.meta.dirname, "..", "..");

/** A stack in its own process, as `npm start` runs it. */
export interface StartedProcess {
  child: ChildProcess;
  endpoints: Endpoints;
  /** The output so far. */
  output(): string;
  /** Sends a signal, waits for the end of the process, and returns how it ended and after how long. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: string | null; milliseconds: number }>;
}

/** Runs `local/start.ts` without waiting until it is ready. */
export function spawnStart(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): {
  child: ChildProcess;
  output: () => string;
} {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(PROJECT, "local", "start.ts"), ...args],
    { cwd: PROJECT, env: { ...process.env, NO_COLOR: "", ...env }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  return { child, output: () => text };
}

/** Starts the stack on `dir` and waits until it is ready. */
export async function startProcess(dir: string, args: readonly string[] = []): Promise<StartedProcess> {
  const { child, output } = spawnStart(["--port", "0", "--data", dir, ...args]);
  const endpoints = await vi.waitFor(
    () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${output()}`);
      const read = readEndpoints(dir);
      if (read === undefined || read.pid !== child.pid) throw new Error(`not ready: ${output()}`);
      return read;
    },
    { timeout: 60_000, interval: 50 },
  );
  return {
    child,
    endpoints,
    output,
    async end(signal) {
      const begun = performance.now();
      const ended = once(child, "exit");
      child.kill(signal);
      const [code, by] = (await ended) as [number | null, string | null];
      return { code, signal: by, milliseconds: performance.now() - begun };
    },
  };
}
