import { randomUUID } from "node:crypto";
import type { Readable } from "node:stream";
import { Worker } from "node:worker_threads";
import type { InstanceData, InstanceMessage, InvocationFailure, InvokeMessage } from "./worker-protocol.ts";

/** The settings with which the threads of one function are started. */
export interface InstanceSettings {
  data: InstanceData;
  environment: Readonly<Record<string, string>>;
  /** Further properties of `workerData`, by which code can detect that it runs on a local stack. */
  workerData: Readonly<Record<string, unknown>>;
  onLine(stream: "stdout" | "stderr", line: string): void;
  /**
   * Called with each new instance and the session token of its AWS calls, and with `undefined` once the instance has
   * ended.
   */
  onInstance(session: string, instance: Pick<FunctionInstance, "terminate"> | undefined): void;
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

/**
 * The most memory that a thread keeps for short-lived objects. V8 gives a busy thread up to 96 MB although 16 MB are
 * enough: with eight threads a stack grew to 1,330 MB within 10,000 events instead of 680 MB.
 */
const YOUNG_GENERATION_MB = 16;

function startWorker(settings: InstanceSettings, session: string): Worker {
  const worker = new Worker(new URL("./worker-main.ts", import.meta.url), {
    env: { ...settings.environment, AWS_SESSION_TOKEN: session },
    workerData: { ...settings.workerData, instance: settings.data },
    // A memory leak ends the thread at this limit. A single allocation far beyond it makes V8 end the process, which a
    // thread cannot prevent.
    resourceLimits: {
      maxOldGenerationSizeMb: settings.data.memoryMegabytes,
      maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
    },
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdout: true,
    stderr: true,
  });
  for (const stream of ["stdout", "stderr"] as const) {
    splitLines(worker[stream], (line) => settings.onLine(stream, line));
  }
  return worker;
}

/** One worker thread. Once the function is loaded, it handles one event at a time. */
export class FunctionInstance {
  readonly #worker: Worker;
  #alive = true;
  #settle: ((message: InstanceMessage) => void) | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (message: InstanceMessage) => this.#settle?.(message));
    worker.on("error", (error) => this.#end(error instanceof Error ? error.name : "Error", String(error)));
    worker.on("exit", (code) =>
      this.#end("Runtime.ExitError", `the function's thread ended with code ${code}`),
    );
  }

  /** False once the thread has ended or is about to end and accepts no more events. */
  isAlive(): boolean {
    return this.#alive;
  }

  /** The thread's next message, or the reason why it ended. */
  next(): Promise<InstanceMessage> {
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  async invoke(message: InvokeMessage, timeoutMs: number): Promise<InstanceMessage> {
    const answered = this.next();
    const timer = setTimeout(() => this.#timeOut(message.requestId, timeoutMs), timeoutMs);
    this.#worker.postMessage(message);
    const answer = await answered;
    clearTimeout(timer);
    return answer;
  }

  async terminate(): Promise<void> {
    this.#alive = false;
    await this.#worker.terminate();
  }

  #timeOut(requestId: string, timeoutMs: number): void {
    const seconds = (timeoutMs / 1000).toFixed(2);
    this.#end("Sandbox.Timedout", `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`);
    void this.#worker.terminate();
  }

  #end(errorType: string, errorMessage: string): void {
    this.#alive = false;
    this.#settle?.(crashed(errorType, errorMessage));
  }
}

/**
 * Starts a thread and loads the function in it. If the function cannot be loaded, returns the failure, with which the
 * invocation fails as in Lambda.
 */
export async function startInstance(
  settings: InstanceSettings,
): Promise<FunctionInstance | InvocationFailure> {
  const session = randomUUID();
  const worker = startWorker(settings, session);
  const instance = new FunctionInstance(worker);
  worker.on("exit", () => settings.onInstance(session, undefined));
  const loaded = await instance.next();
  if (loaded.kind === "ready") {
    settings.onInstance(session, instance);
    return instance;
  }
  await instance.terminate();
  if (loaded.kind === "failed") return loaded;
  return crashed("Runtime.ExitError", "the function answered before an event");
}
