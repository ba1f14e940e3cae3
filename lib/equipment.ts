import { ENV } from "../lambdas/core/base/environment.ts";
import type { Deployment } from "./deployment.ts";
import type { TrailcastFunction } from "./trailcast-function.ts";

/** For functions that record or show events: how they are named. */
export function equipEvents(fn: TrailcastFunction, { settings }: Deployment): void {
  fn.equip({
    [ENV.eventTypePrefix]: settings.eventTypePrefix,
    [ENV.sourceBaseUrl]: settings.sourceBaseUrl,
    [ENV.shards]: JSON.stringify(settings.shards),
  });
}

/** For functions that ask what a workspace may do, and which of its events are visible. */
export function equipPlans(fn: TrailcastFunction, { settings }: Deployment): void {
  fn.equip({ [ENV.plans]: JSON.stringify(settings.plans) });
}

/** For functions that decide when events go. */
export function equipRetention(fn: TrailcastFunction, { settings }: Deployment): void {
  fn.equip({ [ENV.retention]: JSON.stringify(settings.retention) });
}
