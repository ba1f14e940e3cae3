import { createWriteStream, existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { writeEndpoints } from "../../local/endpoints.ts";
import { startLocalTrailcast } from "../../local/local-trailcast.ts";
import { capWakeUps, type WakeUpCaps } from "./cap-wake-ups.ts";
import { createChance } from "../faults/chance.ts";
import { createDisturbance } from "../faults/disturb-stack.ts";
import { createFaultLog } from "../faults/fault-log.ts";

/** Options that the harness passes to a stack's process, as JSON in the first argument. */
export interface StackOrders {
  cdkOut: string;
  stack: string;
  dir: string;
  timeScale: number;
  /** Maximum number of threads per function; the default of the local runtime when absent. */
  maxWorkers?: number;
  /** Replaces the concurrency limits of the template. */
  wakeUpCaps?: WakeUpCaps;
  seed: number;
  /** Counts the starts of the stack. */
  generation: number;
  /** Forgets how far the stream has been read, so that all records since its horizon are read again. */
  rewinds: boolean;
  /** Injects faults from the start instead of waiting for a message. */
  disturbs: boolean;
}

// Runs the synthesised stack with injected faults, in its own process, which can be killed.
const orders = JSON.parse(process.argv[2] ?? "{}") as StackOrders;
const { cdkOut, stack, dir, timeScale, generation, wakeUpCaps } = orders;
if (orders.rewinds) rewind(join(dir, "runtime.db"));
const log = createWriteStream(join(dir, "functions.log"), { flags: "a" });
const disturbance = createDisturbance(createChance(orders.seed), generation, createFaultLog(dir));
process.on("message", () => {
  orders.disturbs = true;
});
const runtime = await startLocalTrailcast({
  cdkOut,
  stack,
  dir,
  timeScale,
  ...(orders.maxWorkers !== undefined && { maxWorkers: orders.maxWorkers }),
  ...(wakeUpCaps !== undefined && { editTemplate: (template) => capWakeUps(template, wakeUpCaps) }),
  disturb: {
    call: (caller, call, carryOut) =>
      orders.disturbs ? disturbance.call(caller, call, carryOut) : carryOut(),
    invocation: (invocation, invoke) =>
      orders.disturbs ? disturbance.invocation(invocation, invoke) : invoke(),
  },
  onLog: ({ function: name, line }) => log.write(`${generation} ${name} ${line}\n`),
  onProblem: (problem) => log.write(`${generation} problem ${JSON.stringify(problem)}\n`),
});
const { apiUrl, consoleUrl, awsEndpointUrl } = runtime;
writeEndpoints(
  dir,
  { apiUrl, consoleUrl, receiverUrl: "", awsEndpointUrl, pid: process.pid },
  { [stack]: { ...runtime.outputs } },
);
// The parent process has ended.
process.on("disconnect", () => process.exit(1));
process.on("SIGTERM", () => void runtime.stop().then(() => process.exit(0)));

function rewind(file: string): void {
  if (!existsSync(file)) return;
  const state = new DatabaseSync(file);
  try {
    state.exec("DELETE FROM checkpoints");
  } catch {
    // If the stack was killed before it created its tables, there is no position to forget.
  } finally {
    state.close();
  }
}
