import { workerData } from "node:worker_threads";
import * as z from "zod/mini";
import type { Clock } from "../core/base/clock.ts";

const localSchema = z.object({
  trailcast: z.optional(
    z.object({
      loopback: z.boolean(),
      ca: z.array(z.string()),
      clock: z.optional(z.object({ realStart: z.number(), virtualStart: z.number(), scale: z.number() })),
    }),
  ),
});
type Local = z.infer<typeof localSchema>["trailcast"];

/** What the egress guard allows besides public addresses. */
export interface Allowance {
  /** `https://127.0.0.1:<port>` and `https://localhost:<port>` may be destinations, spelt exactly so. */
  loopback: boolean;
  /** Certificate authorities (PEM) trusted besides the public ones. */
  ca: readonly string[];
}

export const NO_ALLOWANCE: Allowance = { loopback: false, ca: [] };

// The only source of a local allowance. `workerData` can only be set by code that starts a worker thread. Lambda runs a
// function on its main thread, where it is null, and neither the environment nor a setting of the stack can change it.
const local = readLocal(workerData);

/** Parses what the local runtime passed to this thread. Anything else, and the null of Lambda, allows nothing. */
export function readLocal(data: unknown): Local {
  const parsed = localSchema.safeParse(data);
  return parsed.success ? parsed.data.trailcast : undefined;
}

export function localAllowance(): Allowance {
  return local === undefined ? NO_ALLOWANCE : { loopback: local.loopback, ca: local.ca };
}

/** The clock: real time in Lambda; in the local runtime the shared clock that `--time-scale` speeds up. */
export function clockOf(settings: Local): Clock {
  const clock = settings?.clock;
  if (clock === undefined) return () => Date.now();
  return () => Math.round(clock.virtualStart + (Date.now() - clock.realStart) * clock.scale);
}

export const systemClock: Clock = clockOf(local);
