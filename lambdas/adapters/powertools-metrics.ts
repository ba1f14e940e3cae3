import { Metrics as PowertoolsMetrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import type { Metrics } from "../core/base/log.ts";
import { METRIC_NAMESPACE } from "../core/base/metric-names.ts";

/** Metrics of one function; `publish` writes what an invocation counted to its log (embedded metric format). */
export interface PublishedMetrics extends Metrics {
  publish(): void;
}

export function createPowertoolsMetrics(service: string): PublishedMetrics {
  // The stack sets a namespace of its own, so that the alarms of two stacks in one account keep apart.
  const namespace = process.env["POWERTOOLS_METRICS_NAMESPACE"] ?? METRIC_NAMESPACE;
  const metrics = new PowertoolsMetrics({ namespace, serviceName: service });
  return {
    count: (name, value = 1) => metrics.addMetric(name, MetricUnit.Count, value),
    milliseconds: (name, value) => metrics.addMetric(name, MetricUnit.Milliseconds, value),
    publish: () => {
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
    },
  };
}

/** Publishes after each invocation, also after one that failed. */
export function publishing<Event, Context, Answer>(
  metrics: PublishedMetrics,
  handler: (event: Event, context: Context) => Promise<Answer>,
): (event: Event, context: Context) => Promise<Answer> {
  return async (event, context) => {
    try {
      return await handler(event, context);
    } finally {
      metrics.publish();
    }
  };
}
