import { ENV } from "../lambdas/core/base/environment.ts";
import type { Deployment } from "./deployment.ts";
import type { TrailcastFunction } from "./trailcast-function.ts";

/** Equips functions that record or show events with how those are named. */
export function equipEvents(fn: TrailcastFunction, { settings }: Deployment): void {
  fn.equip({
    [ENV.eventTypePrefix]: settings.eventTypePrefix,
    [ENV.sourceBaseUrl]: settings.sourceBaseUrl,
    [ENV.shards]: JSON.stringify(settings.shards),
  });
}

/** Equips functions that check what a workspace may do and which of its events are visible. */
export function equipPlans(fn: TrailcastFunction, { settings }: Deployment): void {
  fn.equip({ [ENV.plans]: JSON.stringify(settings.plans) });
}

/** Equips functions that decide when events are removed. */
export function equipRetention(fn: TrailcastFunction, { settings }: Deployment): void {
  fn.equip({ [ENV.retention]: JSON.stringify(settings.retention) });
}
