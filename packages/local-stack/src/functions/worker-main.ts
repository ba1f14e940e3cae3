import { enableCompileCache } from "node:module";
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { loadModule } from "./lambda-modules.ts";
import type { InstanceData, InstanceMessage, InvocationFailure, InvokeMessage } from "./worker-protocol.ts";

// This thread is one instance of a function and works like Lambda's runtime: it loads the bundle once and then handles
// one event after the other.
type Handler = (event: unknown, context: object) => unknown;

const instance: InstanceData = workerData.instance;
const answer = (message: InstanceMessage): void => parentPort?.postMessage(message);

function failureOf(error: unknown): InvocationFailure {
  if (!(error instanceof Error)) {
    return { kind: "failed", errorType: typeof error, errorMessage: String(error), trace: [] };
  }
  const trace = (error.stack ?? "").split("\n").slice(1);
  return { kind: "failed", errorType: error.name, errorMessage: error.message, trace };
}

async function loadHandler(): Promise<Handler> {
  enableCompileCache(instance.compileCache);
  const exported = await loadModule(instance.module, instance.folder);
  const handler = exported[instance.exportName];
  if (typeof handler === "function") return (event, context) => handler(event, context);
  throw new Error(`${instance.exportName} is not exported by ${instance.module}`);
}

function contextOf({ requestId, deadline }: InvokeMessage): object {
  return {
    functionName: instance.functionName,
    functionVersion: "$LATEST",
    invokedFunctionArn: instance.functionArn,
    memoryLimitInMB: String(instance.memoryMegabytes),
    awsRequestId: requestId,
    logGroupName: instance.logGroup,
    logStreamName: instance.logStream,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

async function handle(handler: Handler, message: InvokeMessage): Promise<void> {
  try {
    const result = await handler(JSON.parse(message.event), contextOf(message));
    answer({ kind: "done", result: JSON.stringify(result) ?? "null" });
  } catch (error) {
    answer(failureOf(error));
  }
}

// On AWS each function has its own processor. Here a function that works in the background would slow down those that a
// request waits for. Only Linux has priorities for threads; elsewhere the priority would apply to the whole process.
const BACKGROUND_NICENESS = 10;
if (instance.isBackground && process.platform === "linux") setPriority(BACKGROUND_NICENESS);

try {
  const handler = await loadHandler();
  parentPort?.on("message", (message: InvokeMessage) => void handle(handler, message));
  answer({ kind: "ready" });
} catch (error) {
  answer(failureOf(error));
}
