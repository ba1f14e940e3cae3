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

/** `npm start` promises to be gone within 2 s of Ctrl-C. */
const STOP_MS = 1500;
const REPEAT_MS = 300;
/** How soon the stack notices that the npm that started it has ended. */
const PARENT_CHECK_MS = 250;
/** What takes longer than this says so. */
const PATIENCE_MS = 500;
/** Demo events that are not there by then are reported as on their way. */
const DEMO_TIMEOUT_MS = 60_000;

interface Running {
  runtime: LocalTrailcast;
  receiver: PracticeReceiver;
  endpoints: Endpoints;
}

const terminal = createTerminal(process.stdout, process.env);
const running: { stop?: () => Promise<void>; stopping?: number } = {};
// Whoever reads the output may stop reading: `npm start | head`.
process.stdout.on("error", () => {});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void stop());
// The terminal closes. Without one, as under nohup, a hang-up is somebody else's to decide on.
if (process.stdout.isTTY) process.on("SIGHUP", stopUnlessStopping);
if (process.env["npm_lifecycle_event"] === "start") stopWithParent(process.ppid);

try {
  await run(parseStartOptions(process.argv.slice(2)));
} catch (error) {
  // A Ctrl-C reaches the synthesis too, and its end may be told before the signal is.
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
    // What stopping cuts short comes again at the next start.
    onProblem: (problem) => void (running.stopping ?? printProblem(terminal, problem)),
  });
  time.now = runtime.clock.now;
  // Not before: until the runtime has it, the folder may be another process's.
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
  // What is still owed goes to where the receiver was; another process may have taken its port meanwhile.
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
  // npm passes on the signal that the terminal has sent already: only a later one is a second Ctrl-C.
  if (stopping !== undefined && performance.now() - stopping < REPEAT_MS) return;
  // That one, or one before there is anything to stop, ends at once.
  if (stopAll === undefined || stopping !== undefined) process.exit(0);
  running.stopping = performance.now();
  terminal.line(terminal.colours.dim("\nStopping …"));
  const late = new Promise((resolve) => setTimeout(resolve, STOP_MS));
  await Promise.race([stopAll(), late]);
  process.exit(0);
}

/** For what may follow a Ctrl-C by itself, and so must not count as a second one. */
function stopUnlessStopping(): void {
  if (running.stopping === undefined) void stop();
}

/**
 * Stops the stack once its parent has ended. npm runs a script in a shell, and one such as dash neither passes SIGTERM on
 * nor stays for it: without this the stack would go on running after its npm.
 */
function stopWithParent(parent: number): void {
  const check = setInterval(() => {
    // Windows keeps the id of a parent that has ended; elsewhere another process takes its place.
    if (process.ppid === parent && isRunning(parent)) return;
    clearInterval(check);
    stopUnlessStopping();
  }, PARENT_CHECK_MS);
  check.unref();
}
