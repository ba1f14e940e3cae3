import { createWriteStream, existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { writeEndpoints } from "../../local/endpoints.ts";
import { startRuntime } from "../../packages/local-stack/src/runtime/runtime.ts";
import { capWakeUps, type WakeUpCaps } from "./cap-wake-ups.ts";
import { createChance } from "../faults/chance.ts";
import { createDisturbance } from "../faults/disturb-stack.ts";
import { createFaultLog } from "../faults/fault-log.ts";

/** What the harness tells a stack that it starts, as JSON in the first argument. */
export interface StackOrders {
  cdkOut: string;
  stack: string;
  dir: string;
  timeScale: number;
  /** Threads of one function at most; the runtime's own default when absent. */
  maxWorkers?: number;
  /** Instead of the template's own caps. */
  wakeUpCaps?: WakeUpCaps;
  seed: number;
  /** Counts the starts. */
  generation: number;
  /** Forget how far the stream has been read: everything comes again from the horizon. */
  rewinds: boolean;
  /** Begin with the faults at once, instead of when told to by a message. */
  disturbs: boolean;
}

// The synthesised stack with a disturbance, in a process of its own that can be killed.
const orders = JSON.parse(process.argv[2] ?? "{}") as StackOrders;
const { cdkOut, stack, dir, timeScale, generation, wakeUpCaps } = orders;
if (orders.rewinds) rewind(join(dir, "runtime.db"));
const log = createWriteStream(join(dir, "functions.log"), { flags: "a" });
const disturbance = createDisturbance(createChance(orders.seed), generation, createFaultLog(dir));
process.on("message", () => {
  orders.disturbs = true;
});
const runtime = await startRuntime({
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
// Whoever started it is gone.
process.on("disconnect", () => process.exit(1));
process.on("SIGTERM", () => void runtime.stop().then(() => process.exit(0)));

function rewind(file: string): void {
  if (!existsSync(file)) return;
  const state = new DatabaseSync(file);
  try {
    state.exec("DELETE FROM checkpoints");
  } catch {
    // Killed before it had made its tables: there is nothing to forget.
  } finally {
    state.close();
  }
}
