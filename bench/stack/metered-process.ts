import { writeEndpoints } from "../../local/endpoints.ts";
import { startLocalTrailcast } from "../../local/local-trailcast.ts";
import type { MeteredOrders, Units } from "./metered-stack.ts";

// Runs the synthesised stack in its own process and counts one function's calls to DynamoDB. A message asks for the
// counts.
const { cdkOut, stack, dir, meteredFunction } = JSON.parse(process.argv[2] ?? "{}") as MeteredOrders;
const units: Units = { read: 0, write: 0, pagesRead: 0 };
const READS = /Get|Query|Scan/;

const runtime = await startLocalTrailcast({
  cdkOut,
  stack,
  dir,
  disturb: {
    async call(caller, call, carryOut) {
      if (!caller.function.startsWith(meteredFunction) || !call.service.startsWith("DynamoDB"))
        return carryOut();
      call.input["ReturnConsumedCapacity"] = "TOTAL";
      const answer = await carryOut();
      count(call.action, answer);
      return answer;
    },
  },
});
const { apiUrl, consoleUrl, awsEndpointUrl } = runtime;
writeEndpoints(
  dir,
  { apiUrl, consoleUrl, receiverUrl: "", awsEndpointUrl, pid: process.pid },
  { [stack]: { ...runtime.outputs } },
);
process.on("message", () => process.send?.(units));
process.on("disconnect", () => process.exit(1));
process.on("SIGINT", () => void runtime.stop().then(() => process.exit(0)));

function count(action: string, answer: Record<string, unknown>): void {
  const { ConsumedCapacity = [], Items = [] } = answer as {
    ConsumedCapacity?: { CapacityUnits: number } | { CapacityUnits: number }[];
    Items?: { page?: unknown }[];
  };
  const taken = [ConsumedCapacity].flat().reduce((sum, { CapacityUnits }) => sum + CapacityUnits, 0);
  units[READS.test(action) ? "read" : "write"] += taken;
  units.pagesRead += Items.filter(({ page }) => page !== undefined).length;
}
