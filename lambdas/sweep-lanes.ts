import * as z from "zod/mini";
import type { PublishedMetrics } from "./adapters/powertools-metrics.ts";
import { sweepBehind, sweepDue, type SweepPorts } from "./core/lane/sweep.ts";
import { createEntryPoint, type LambdaHandler } from "./pipeline/entry-point.ts";
import { createEventHandler } from "./pipeline/event-handler.ts";
import { connectSweep } from "./wiring/sweep-lanes.ts";

const sweepEventSchema = z.object({ scope: z.enum(["due", "behind"]) });

export interface SweepDependencies extends SweepPorts {
  metrics: PublishedMetrics;
}

/** Wakes the lanes that are due, or those that are behind. */
export function createSweepHandler(ports: SweepDependencies): LambdaHandler<void> {
  return createEventHandler(
    sweepEventSchema,
    ({ scope }) => (scope === "due" ? sweepDue(ports) : sweepBehind(ports)),
    ports,
  );
}

export const handler = createEntryPoint(connectSweep, createSweepHandler);
