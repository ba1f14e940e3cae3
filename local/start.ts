import { mkdirSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Clock } from "../lambdas/core/base/clock.ts";
import { adviceOn } from "./advice.ts";
import { Arrivals } from "./demo/arrivals.ts";
import { type Demo, DEMO_PATH, DEMO_WORKSPACE, postDemoEvents, prepareDemo } from "./demo/demo.ts";
import { printSummary, printWhereToGo } from "./demo/report.ts";
import { readDemoState, writeDemoState } from "./demo/state.ts";
import { createTerminal, heading, printBatch, printNote, printProblem, printStep } from "./demo/terminal.ts";
import {
  type Endpoints,
  isRunning,
  removeEndpoints,
  removeStaleEndpoints,
  writeEndpoints,
} from "./endpoints.ts";
import { startPracticeReceiver, type PracticeReceiver } from "./receiver/practice-receiver.ts";
import { type LocalTrailcast, startLocalTrailcast } from "./local-trailcast.ts";
import { parseStartOptions, type StartOptions } from "./start-options.ts";
import { synthesise } from "./synthesise.ts";

/** `npm start` promises to end within 2 s of Ctrl-C. */
const STOP_MS = 1500;
const REPEAT_MS = 300;
/** Interval for noticing that the npm process that started the stack has ended. */
const PARENT_CHECK_MS = 250;
/** A step that takes longer than this is announced. */
const PATIENCE_MS = 500;
/** Demo events that have not arrived by then are reported as still on their way. */
const DEMO_TIMEOUT_MS = 60_000;

interface Running {
  runtime: LocalTrailcast;
  receiver: PracticeReceiver;
  endpoints: Endpoints;
}

const terminal = createTerminal(process.stdout, process.env);
const running: { stop?: () => Promise<void>; stopping?: number } = {};
// The reader of the output may stop reading: `npm start | head`.
process.stdout.on("error", () => {});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void stop());
// The terminal was closed. Without a terminal the signal's default handling stays, for example that of nohup.
if (process.stdout.isTTY) process.on("SIGHUP", stopUnlessStopping);
if (process.env["npm_lifecycle_event"] === "start") stopWithParent(process.ppid);

try {
  await run(parseStartOptions(process.argv.slice(2)));
} catch (error) {
  // Ctrl-C also ends the synthesis, and that may be noticed before the signal is.
  await new Promise((resolve) => setTimeout(resolve, 50));
  process.stderr.write(`\n${adviceOn(error)}\n`);
  process.exitCode = 1;
  await running.stop?.();
}

async function run(options: StartOptions): Promise<void> {
  mkdirSync(options.data, { recursive: true });
  removeStaleEndpoints(options.data);
  const arrivals = new Arrivals();
  const receivedFile = join(options.data, "received.ndjson");
  const { runtime, receiver, endpoints } = await startAll(options, receivedFile, arrivals);
  const demo = options.demo ? await prepareDemo(runtime, receiver) : undefined;
  if (demo !== undefined) await showDemo(demo, arrivals);
  printWhereToGo(terminal, {
    endpoints,
    dir: options.data,
    receivedFile,
    demo: demo?.destination !== undefined,
  });
}

async function startAll(options: StartOptions, receivedFile: string, arrivals: Arrivals): Promise<Running> {
  const { data: dir } = options;
  terminal.line(`${terminal.colours.bold("Trailcast")}  audit-log forwarding, on this machine`);
  terminal.line();
  const begun = performance.now();
  const patience = setTimeout(() => printNote(terminal, "synthesising the stack, this once …"), PATIENCE_MS);
  const synthesis = await synthesise().finally(() => clearTimeout(patience));
  printStep(terminal, synthesis.cached ? "stack synthesised before" : "stack synthesised", begun);
  const time: { now: Clock } = { now: Date.now };
  const receiver = await startReceiver(dir, receivedFile, arrivals, () => time.now());
  running.stop = () => receiver.stop();
  const runtime = await startLocalTrailcast({
    ...synthesis,
    dir,
    port: options.port,
    strictEgress: options.strictEgress,
    timeScale: options.timeScale,
    // Errors while stopping are not printed: what was interrupted is repeated at the next start.
    onProblem: (problem) => void (running.stopping ?? printProblem(terminal, problem)),
  });
  time.now = runtime.clock.now;
  // Written only now, because until the runtime owns the folder it may belong to another process.
  writeDemoState(dir, { ...readDemoState(dir), receiverPort: receiver.port });
  const { apiUrl, consoleUrl, awsEndpointUrl } = runtime;
  const endpoints = { apiUrl, consoleUrl, receiverUrl: receiver.url, awsEndpointUrl, pid: process.pid };
  running.stop = async () => {
    removeEndpoints(dir);
    await Promise.all([runtime.stop(), receiver.stop()]);
  };
  writeEndpoints(dir, endpoints, { [synthesis.stack]: { ...runtime.outputs } });
  printStep(terminal, `stack running at ${apiUrl}`, begun);
  return { runtime, receiver, endpoints };
}

async function startReceiver(
  dir: string,
  file: string,
  arrivals: Arrivals,
  clock: Clock,
): Promise<PracticeReceiver> {
  const known = readDemoState(dir);
  const options: Parameters<typeof startPracticeReceiver>[0] = {
    dir,
    file,
    clock,
    forget: true,
    onReceived: (request, verdict) =>
      printBatch(terminal, request, verdict, arrivals.arrived(verdict, performance.now())),
    onUnkept: (error) => printNote(terminal, `requests are no longer kept in ${file}: ${error.message}`),
  };
  // Undelivered events go to the receiver's previous port, unless another process has taken it in the meantime.
  const receiver = await startPracticeReceiver({ ...options, port: known?.receiverPort ?? 0 }).catch(() =>
    startPracticeReceiver(options),
  );
  if (known?.secret !== undefined) receiver.setSecret(DEMO_PATH, known.secret);
  return receiver;
}

async function showDemo(demo: Demo, arrivals: Arrivals): Promise<void> {
  if (demo.destination === undefined) {
    heading(terminal, "No demo");
    terminal.line(`  The stack refused the practice receiver: ${demo.refusal ?? ""}`);
    return;
  }
  heading(
    terminal,
    `Recording sample events of ${DEMO_WORKSPACE}; each batch goes to a practice receiver over TLS`,
  );
  await postDemoEvents(demo, arrivals, randomBytes(6).toString("hex"));
  const deadline = performance.now() + DEMO_TIMEOUT_MS;
  while (arrivals.missing > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  printSummary(terminal, arrivals.summary());
  arrivals.forget();
}

async function stop(): Promise<void> {
  const { stop: stopAll, stopping } = running;
  // npm passes on the signal that the terminal has already sent, so only a later one counts as a second Ctrl-C.
  if (stopping !== undefined && performance.now() - stopping < REPEAT_MS) return;
  // A second Ctrl-C, or one before there is anything to stop, ends the process at once.
  if (stopAll === undefined || stopping !== undefined) process.exit(0);
  running.stopping = performance.now();
  terminal.line(terminal.colours.dim("\nStopping …"));
  const late = new Promise((resolve) => setTimeout(resolve, STOP_MS));
  await Promise.race([stopAll(), late]);
  process.exit(0);
}

/** For signals that may follow a Ctrl-C by themselves and must not count as a second one. */
function stopUnlessStopping(): void {
  if (running.stopping === undefined) void stop();
}

/**
 * Stops the stack once its parent process has ended. npm runs a script in a shell, and some shells, such as dash, do
 * not pass SIGTERM on, so the stack would otherwise outlive its npm.
 */
function stopWithParent(parent: number): void {
  const check = setInterval(() => {
    // On Windows the parent's id stays when the parent has ended; elsewhere it changes.
    if (process.ppid === parent && isRunning(parent)) return;
    clearInterval(check);
    stopUnlessStopping();
  }, PARENT_CHECK_MS);
  check.unref();
}
