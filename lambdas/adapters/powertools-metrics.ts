import { Metrics as PowertoolsMetrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import type { Metrics } from "../core/base/log.ts";

/** Metrics of one function; `publish` writes what an invocation counted to its log (embedded metric format). */
export interface PublishedMetrics extends Metrics {
  publish(): void;
}

/** `service` names the function as in its log lines. */
export function createPowertoolsMetrics(service: string, namespace: string): PublishedMetrics {
  const metrics = new PowertoolsMetrics({ namespace, serviceName: service });
  return {
    count: (name, value = 1) => metrics.addMetric(name, MetricUnit.Count, value),
    milliseconds: (name, value) => metrics.addMetric(name, MetricUnit.Milliseconds, value),
    publish: () => {
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
    },
  };
}
