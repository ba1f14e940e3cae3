import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { synthesise } from "../../local/synthesise.ts";
import { attachBenchStack, type BenchStack } from "./bench-stack.ts";

/** What a function consumed in DynamoDB: read and write units, and pages of the journal. */
export interface Units {
  read: number;
  write: number;
  pagesRead: number;
}

/** Options of a metered stack's process, as JSON in its first argument. */
export interface MeteredOrders {
  cdkOut: string;
  stack: string;
  dir: string;
  /** Prefix of the function's logical id. */
  meteredFunction: string;
}

export interface MeteredStack extends BenchStack {
  /** The units consumed so far. */
  units(): Promise<Units>;
}

const PROCESS = join(import.meta.dirname, "metered-process.ts");

/** Starts a stack that counts what one of its functions consumes in DynamoDB. */
export async function startMeteredStack(dir: string, meteredFunction: string): Promise<MeteredStack> {
  const { cdkOut, stack } = await synthesise();
  const orders: MeteredOrders = { cdkOut, stack, dir, meteredFunction };
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", PROCESS, JSON.stringify(orders)],
    { stdio: ["ignore", "ignore", "inherit", "ipc"] },
  );
  return {
    ...(await attachBenchStack(child, dir)),
    async units() {
      const answer = once(child, "message");
      child.send("units");
      const [units] = (await answer) as [Units];
      return units;
    },
  };
}
