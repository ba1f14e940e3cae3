import { createServer, type RequestListener } from "node:http";
import { join } from "node:path";
import { startClock } from "../clock.ts";
import { lockDataFolder } from "./data-folder.ts";
import { InvocationError } from "../errors.ts";
import type { FunctionSettings } from "../functions/function-settings.ts";
import type { Functions } from "../functions/functions.ts";
import { answerStarting, createHttpApi } from "../gateway/http-api.ts";
import { listen } from "../listen.ts";
import type { StackContext, Undo } from "./context.ts";
import { openStorage } from "./storage.ts";
import { startStack, type RunningStack } from "./start-stack.ts";
import type { Runtime, RuntimeOptions } from "./types.ts";
import { loadTemplate, parseTemplate } from "../template/template.ts";
import { issueToken, verificationKeys } from "../token.ts";

/** Running invocations may continue for this long at a stop, so that Ctrl-C ends a stack within two seconds. */
const GRACE_MS = 1000;
const IDLE_POLL_MS = 20;
/**
 * The number of consecutive checks that must find the stack idle, because one may fall between a write and the mapping
 * that reads it.
 */
const IDLE_LOOKS = 4;

/** Runs the steps in reverse order. A step that fails does not keep the others from running. */
async function undoAll(steps: readonly Undo[]): Promise<void> {
  for (const step of steps.toReversed()) {
    try {
      await step();
    } catch {
      // A part that cannot be closed is already closed.
    }
  }
}

function findFunction(functions: Functions, id: string): FunctionSettings {
  const exact = functions.all.find((fn) => fn.logicalId === id || fn.name === id || fn.arn === id);
  const found = exact === undefined ? functions.all.filter((fn) => fn.logicalId.startsWith(id)) : [exact];
  const [fn, other] = found;
  if (fn === undefined || other !== undefined) {
    throw new InvocationError(id, "ResourceNotFoundException", `${found.length} functions have this id`);
  }
  return fn;
}

async function invoke(functions: Functions, id: string, payload: unknown): Promise<unknown> {
  const fn = findFunction(functions, id);
  const result = await functions.invoke(fn, JSON.stringify(payload) ?? "null", "invoke");
  if (result.kind === "failed")
    throw new InvocationError(fn.logicalId, result.errorType, result.errorMessage);
  return JSON.parse(result.result);
}

async function waitIdle(running: RunningStack, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (let quiet = 0; quiet < IDLE_LOOKS;) {
    quiet = running.isIdle() ? quiet + 1 : 0;
    if (performance.now() > deadline) throw new Error(`the stack was not idle after ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, IDLE_POLL_MS));
  }
}

/** A port that is opened at once and answers with 503 until the API is ready. */
interface Front {
  port: number;
  answerWith(listener: RequestListener): void;
}

async function openFront(port: number, undo: Undo[]): Promise<Front> {
  let listener = answerStarting;
  const server = createServer((request, response) => listener(request, response));
  const taken = await listen(server, port);
  undo.push(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });
  return {
    port: taken,
    answerWith: (next) => {
      listener = next;
    },
  };
}

/** Opens the template, the folder, the clock and the port. An error in any of them is reported before anything runs. */
async function open(options: RuntimeOptions, undo: Undo[]): Promise<{ front: Front; context: StackContext }> {
  const loaded = loadTemplate(options.cdkOut, options.stack);
  const edited = options.editTemplate?.(structuredClone(loaded.template)) ?? loaded.template;
  const template = parseTemplate(loaded.name, edited);

  const folder = lockDataFolder(options.dir);
  undo.push(folder.release);
  const { dir } = folder;
  const clock = startClock(dir, options.timeScale ?? 1);
  undo.push(clock.stop);

  const front = await openFront(options.port ?? 0, undo);
  const apiUrl = `http://127.0.0.1:${front.port}`;

  const storage = openStorage(dir, clock);
  undo.push(storage.close);
  return {
    front,
    context: { options, dir, clock, storage, template, stackName: loaded.name, apiUrl, undo },
  };
}

function present({ dir, clock, apiUrl, undo }: StackContext, running: RunningStack): Runtime {
  const { stack, functions, guard, awsEndpointUrl, resources } = running;
  let stopping: Promise<void> | undefined;
  return {
    apiUrl,
    awsEndpointUrl,
    dir,
    clock,
    outputs: stack.outputs(),
    resources,
    denials: guard.denials,
    token: (request) => issueToken(dir, request),
    invoke: (id, payload) => invoke(functions, id, payload),
    find: (type, prefix = "") => stack.idsOf(type).filter((id) => id.startsWith(prefix)),
    waitIdle: (timeoutMs = 30_000) => waitIdle(running, timeoutMs),
    stop: () => {
      stopping ??= undoAll(undo);
      return stopping;
    },
  };
}

async function start(options: RuntimeOptions, undo: Undo[]): Promise<Runtime> {
  const { front, context } = await open(options, undo);
  // Read before anything runs, because this file is the most likely one to be broken: people copy, truncate or create
  // it as root.
  const keys = await verificationKeys(context.dir);
  const running = await startStack(context);
  // The first step at a stop, also if the start fails after this: a mapping that reads closed tables would otherwise
  // never end.
  undo.push(() => running.quiesce(GRACE_MS));
  front.answerWith(createHttpApi({ ...running, keys, now: context.clock.now }));
  return present(context, running);
}

/**
 * Starts the stack of a cloud assembly on this machine. Resolves when it accepts requests. It continues with everything
 * that earlier runs on the same folder left, even if they were killed.
 *
 * @throws UnknownTemplateError the template contains something that the runtime does not support
 * @throws MissingGrantError a role lacks a permission that a mapping or schedule needs
 * @throws PortTakenError, DataFolderInUseError, SigningKeyError
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const undo: Undo[] = [];
  try {
    return await start(options, undo);
  } catch (error) {
    await undoAll(undo);
    throw error;
  }
}

/** The folder with the output of functions. */
export function logFolder(dir: string): string {
  return join(dir, "logs");
}
