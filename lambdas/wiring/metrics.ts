import type { Environment } from "../adapters/environment.ts";
import { createPowertoolsMetrics, type PublishedMetrics } from "../adapters/powertools-metrics.ts";
import { METRIC_NAMESPACE } from "../core/base/metric-names.ts";

/** The stack sets a namespace of its own, so that the alarms of two stacks in one account keep apart. */
export function connectMetrics(environment: Environment, service: string): PublishedMetrics {
  return createPowertoolsMetrics(
    service,
    environment.textOr("POWERTOOLS_METRICS_NAMESPACE", METRIC_NAMESPACE),
  );
}
