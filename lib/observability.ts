import { Duration } from "aws-cdk-lib";
import {
  MathExpression,
  Metric,
  type MetricOptions,
  Stats,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";
import { METRIC } from "../lambdas/core/base/metric-names.ts";
import { Alarms } from "./alarms.ts";
import type { Deployment } from "./deployment.ts";
import type { FanOut } from "./fan-out.ts";
import type { ManagementApi } from "./management-api.ts";
import type { Retention } from "./retention.ts";
import type { WakeUps } from "./wake-ups.ts";
import type { Sweep } from "./sweep.ts";
import { metricNamespace } from "./trailcast-function.ts";
import type { WatchedFunction } from "./watched-functions.ts";

interface Watched {
  readonly api: ManagementApi;
  readonly fanOut: FanOut;
  readonly wakeUps: WakeUps;
  readonly retention: Retention;
  readonly sweep: Sweep;
  readonly functions: readonly WatchedFunction[];
}

const minute = Duration.minutes(1);
const fiveMinutes = Duration.minutes(5);
/** The interval between two sweeps for lanes that are behind. */
const quarterHour = Duration.minutes(15);

/** An event that could be delivered but has waited for longer than this is late. */
const MAX_LAG_SECONDS = 900;

/** Metrics, alarms and a dashboard for the operator. */
export class Observability extends Construct {
  readonly alarms: Alarms;

  constructor(scope: Construct, id: string, deployment: Deployment, watched: Watched) {
    super(scope, id);
    this.alarms = new Alarms(this, "Alarms", deployment);
    this.watchRecording(watched);
    this.watchDelivery(watched);
    this.watchLag(watched);
    this.watchRetention(watched);
    for (const watchedFunction of watched.functions) this.watchFunction(watchedFunction);
  }

  private watchRecording({ api, fanOut }: Watched): void {
    this.alarms.watch("ApiErrors", {
      metric: api.stage.metricServerError({ period: fiveMinutes, statistic: Stats.SUM }),
      above: 5,
      impact: "Callers of the API get 5xx answers; emitters have to send their events again.",
      runbook: "api-errors",
    });
    this.alarms.watch("StreamAge", {
      metric: fanOut.fn.metric("IteratorAge", { period: minute, statistic: Stats.MAXIMUM }),
      above: 60_000,
      periods: 5,
      impact:
        "Recorded events wait to be journalled and reach no receiver; after 24 hours the stream forgets them.",
      runbook: "stream-age",
    });
    this.alarms.watch("RecordsQuarantined", {
      // Counts the records that are in quarantine, not those that arrive, so that the alarm stays on until they are
      // redriven.
      metric: this.measured(METRIC.recordsInQuarantine, "sweep"),
      above: 0,
      missing: TreatMissingData.IGNORE,
      impact: "An entry could not be journalled: its events reach no receiver until it is redriven.",
      runbook: "records-quarantined",
    });
    this.alarms.watch("RecordsGivenUp", {
      metric: fanOut.givenUp.metricApproximateNumberOfMessagesVisible({ period: minute }),
      above: 0,
      impact: "Fan-out failed for 20 hours on end: the named records of the stream are not in the journal.",
      runbook: "records-given-up",
    });
  }

  private watchDelivery({ wakeUps }: Watched): void {
    for (const [id, queue] of [
      ["DeadWakeUps", wakeUps.dead],
      ["DeadSlowWakeUps", wakeUps.slowDead],
    ] as const) {
      this.alarms.watch(id, {
        metric: queue.metricApproximateNumberOfMessagesVisible({ period: minute }),
        above: 0,
        impact: "Deliveries of a lane failed by our own fault ten times; its events wait for the next sweep.",
        runbook: "dead-wake-ups",
      });
    }
    for (const [id, queue, seconds] of [
      ["WakeUpAge", wakeUps.queue, 300],
      ["SlowWakeUpAge", wakeUps.slowQueue, 1800],
    ] as const) {
      this.alarms.watch(id, {
        metric: queue.metricApproximateAgeOfOldestMessage({ period: minute }),
        above: seconds,
        periods: 5,
        impact: "Lanes wait for a free delivery slot: every receiver gets its events late.",
        runbook: "wake-up-age",
      });
    }
  }

  private watchLag({ sweep }: Watched): void {
    const lag = this.alarms.watch("DeliveryLag", {
      // The sweep reports 0 as well, so that missing data means that the sweep does not run. It has to be filled in,
      // because CloudWatch evaluates earlier values and treats data as missing only after several more periods without
      // any.
      metric: new MathExpression({
        expression: `FILL(lag, ${MAX_LAG_SECONDS + 1})`,
        period: quarterHour,
        label: "seconds that the oldest undelivered event waits; just too many when the sweep does not say",
        usingMetrics: { lag: this.measured(METRIC.oldestUndeliveredSeconds, "sweep") },
      }),
      above: MAX_LAG_SECONDS,
      periods: 2,
      missing: TreatMissingData.BREACHING,
      impact: "Events older than a quarter of an hour are undelivered though their receiver refuses nothing.",
      runbook: "delivery-lag",
    });
    // The alarm is created after the schedule, which triggers a sweep at once: one value within two periods keeps the
    // alarm of a new stack off.
    lag.node.addDependency(sweep);
  }

  private watchRetention({ retention }: Watched): void {
    this.alarms.watch("PurgeFailures", {
      metric: this.counted(METRIC.purgeFailures, "purge"),
      above: 0,
      impact: "Expired events of a workspace are invisible but still stored beyond their retention.",
      runbook: "purge-failures",
    });
    this.alarms.watch("DeadPurgeTasks", {
      metric: retention.dead.metricApproximateNumberOfMessagesVisible({ period: minute }),
      above: 0,
      impact:
        "The purge of a workspace failed three times: what has expired there is invisible but still stored.",
      runbook: "purge-failures",
    });
  }

  /**
   * A function that is invoked constantly may fail for a moment; one that runs rarely has no second period in which to
   * fail again.
   */
  private watchFunction({ id, fn, impact, isRare = false }: WatchedFunction): void {
    const period = isRare ? quarterHour : fiveMinutes;
    this.alarms.watch(`${id}Function`, {
      metric: new MathExpression({
        // Without FILL, a period that lacks one of the two metrics would have no sum.
        expression: "FILL(errors, 0) + FILL(throttles, 0)",
        period,
        label: "errors and throttles",
        usingMetrics: {
          errors: fn.metricErrors({ period }),
          throttles: fn.metricThrottles({ period }),
        },
      }),
      above: 0,
      periods: isRare ? 1 : 2,
      impact,
      runbook: "function-failures",
    });
  }

  /** The sum of one of our counters over five minutes. */
  private counted(metricName: string, service: string): Metric {
    return this.ours(metricName, service, { period: fiveMinutes, statistic: Stats.SUM });
  }

  /** The maximum of one of our measurements over the quarter of an hour between two sweeps. */
  private measured(metricName: string, service: string): Metric {
    return this.ours(metricName, service, { period: quarterHour, statistic: Stats.MAXIMUM });
  }

  private ours(metricName: string, service: string, options: MetricOptions): Metric {
    return new Metric({
      namespace: metricNamespace(this),
      metricName,
      dimensionsMap: { service },
      ...options,
    });
  }
}
