import type { MiddlewareObj } from "@middy/core";
import type { PublishedMetrics } from "../adapters/powertools-metrics.ts";

/**
 * Publishes what an invocation counted, even if it failed. The middleware of Powertools would log a warning after each
 * invocation that counted nothing.
 */
export function publishMetrics(metrics: PublishedMetrics): MiddlewareObj {
  const publish = (): void => metrics.publish();
  return { after: publish, onError: publish };
}
