import type { Environment } from "../adapters/environment.ts";
import { createPowertoolsMetrics, type PublishedMetrics } from "../adapters/powertools-metrics.ts";
import { METRIC_NAMESPACE } from "../core/base/metric-names.ts";

/** Each stack has its own namespace, so that the alarms of two stacks in one account do not mix. */
export function connectMetrics(environment: Environment, service: string): PublishedMetrics {
  return createPowertoolsMetrics(
    service,
    environment.textOr("POWERTOOLS_METRICS_NAMESPACE", METRIC_NAMESPACE),
  );
}
