import { randomUUID } from "node:crypto";
import type { Readable } from "node:stream";
import { Worker } from "node:worker_threads";
import type { InstanceData, InstanceMessage, InvocationFailure, InvokeMessage } from "./worker-protocol.ts";

/** What the threads of one function are started with. */
export interface InstanceSettings {
  data: InstanceData;
  environment: Readonly<Record<string, string>>;
  /** What `lambdas/adapters/local-allowance.ts` reads. */
  allowance: object;
  onLine(stream: "stdout" | "stderr", line: string): void;
  /** Tells of a new instance by the session token of its AWS calls, and of its end. */
  onInstance(session: string, instance: Pick<FunctionInstance, "terminate"> | undefined): void;
}

/** One worker thread with the function loaded; it handles one event at a time. */
export interface FunctionInstance {
  /** False once the thread has ended, or is about to: it takes no more events. */
  isAlive(): boolean;
  invoke(message: InvokeMessage, timeoutMs: number): Promise<InstanceMessage>;
  terminate(): Promise<void>;
}

const crashed = (errorType: string, errorMessage: string): InvocationFailure => ({
  kind: "failed",
  errorType,
  errorMessage,
  trace: [],
});

function splitLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  stream.on("end", () => {
    if (rest !== "") onLine(rest);
  });
}

function startWorker(settings: InstanceSettings, session: string): Worker {
  const worker = new Worker(new URL("./worker-main.ts", import.meta.url), {
    env: { ...settings.environment, AWS_SESSION_TOKEN: session },
    workerData: { trailcast: settings.allowance, instance: settings.data },
    // A leak ends the thread at this limit. One large allocation far past it makes V8 end the process: no thread can stop that.
    resourceLimits: { maxOldGenerationSizeMb: settings.data.memoryMegabytes },
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdout: true,
    stderr: true,
  });
  for (const stream of ["stdout", "stderr"] as const) {
    splitLines(worker[stream], (line) => settings.onLine(stream, line));
  }
  return worker;
}

/**
 * Starts a thread and loads the function in it.
 * Answers the failure when it cannot be loaded, as Lambda does: the invocation that wanted it has failed.
 */
export async function startInstance(
  settings: InstanceSettings,
): Promise<FunctionInstance | InvocationFailure> {
  const session = randomUUID();
  const worker = startWorker(settings, session);
  let alive = true;
  let settle: ((message: InstanceMessage) => void) | undefined;
  const next = (): Promise<InstanceMessage> =>
    new Promise((resolve) => {
      settle = resolve;
    });
  const end = (failure: InvocationFailure): void => {
    alive = false;
    settle?.(failure);
  };
  worker.on("message", (message: InstanceMessage) => settle?.(message));
  worker.on("error", (error) => end(crashed(error instanceof Error ? error.name : "Error", String(error))));
  worker.on("exit", (code) => {
    settings.onInstance(session, undefined);
    end(crashed("Runtime.ExitError", `the function's thread ended with code ${code}`));
  });

  const loaded = await next();
  if (loaded.kind !== "ready") {
    await worker.terminate();
    return loaded.kind === "failed"
      ? loaded
      : crashed("Runtime.ExitError", "the function answered before an event");
  }

  const invoke = async (message: InvokeMessage, timeoutMs: number): Promise<InstanceMessage> => {
    const answered = next();
    const timer = setTimeout(() => {
      const seconds = (timeoutMs / 1000).toFixed(2);
      end(
        crashed(
          "Sandbox.Timedout",
          `RequestId: ${message.requestId} Error: Task timed out after ${seconds} seconds`,
        ),
      );
      void worker.terminate();
    }, timeoutMs);
    worker.postMessage(message);
    const answer = await answered;
    clearTimeout(timer);
    return answer;
  };
  const terminate = async (): Promise<void> => {
    alive = false;
    await worker.terminate();
  };
  settings.onInstance(session, { terminate });
  return { isAlive: () => alive, invoke, terminate };
}
