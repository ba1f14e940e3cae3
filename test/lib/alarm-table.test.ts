import { expect, it } from "vitest";
import { logicalIdOf, MINIMAL, resourcesOf, synthesise } from "../helpers/synthesised-stack.ts";

/** This stack has its own user pool, whose function has alarms too. */
const template = synthesise({ sourceBaseUrl: MINIMAL.sourceBaseUrl });

interface MetricStat {
  Metric: { Namespace: string; MetricName: string; Dimensions: { Value: unknown }[] };
  Period: number;
  Stat: string;
}
interface MetricQuery {
  Id: string;
  Expression?: string;
  ReturnData: boolean;
  MetricStat?: MetricStat;
}

/** Removes what CDK adds to a logical id. */
const plain = (id: string): string => id.replace(/^Trailcast/, "").replace(/[0-9A-F]{8}$/, "");
const subject = (value: unknown): string => (typeof value === "string" ? value : plain(logicalIdOf(value)));
const watched = ({ Metric, Period, Stat }: MetricStat): string => {
  const of = Metric.Dimensions.map(({ Value }) => subject(Value)).join(" ");
  return `${Stat} of ${Metric.Namespace} ${Metric.MetricName} of ${of} in ${Period} s`;
};
const asked = ({ Id, Expression, ReturnData, MetricStat }: MetricQuery): string =>
  `${ReturnData ? "" : "("}${Id} = ${Expression ?? (MetricStat && watched(MetricStat))}${ReturnData ? "" : ")"}`;

/** An alarm as the console shows it: metric, threshold, periods, and treatment of missing data. */
function rowOf(alarm: Record<string, any>): unknown[] {
  const { Metrics, Namespace, MetricName, Dimensions, Period, Statistic } = alarm;
  const single = { Metric: { Namespace, MetricName, Dimensions }, Period, Stat: Statistic };
  return [
    Metrics === undefined ? watched(single) : Metrics.map(asked).join("; "),
    `${alarm["ComparisonOperator"]} ${alarm["Threshold"]}`,
    `${alarm["DatapointsToAlarm"] ?? alarm["EvaluationPeriods"]} of ${alarm["EvaluationPeriods"]}`,
    alarm["TreatMissingData"],
  ];
}

const visible = (queue: string): string =>
  `Maximum of AWS/SQS ApproximateNumberOfMessagesVisible of ${queue} in 60 s`;
const age = (queue: string): string => `Maximum of AWS/SQS ApproximateAgeOfOldestMessage of ${queue} in 60 s`;
const above = (threshold: number): string => `GreaterThanThreshold ${threshold}`;
const failures = (fn: string, seconds: number): string =>
  [
    "expr_1 = FILL(errors, 0) + FILL(throttles, 0)",
    `(errors = Sum of AWS/Lambda Errors of ${fn} in ${seconds} s)`,
    `(throttles = Sum of AWS/Lambda Throttles of ${fn} in ${seconds} s)`,
  ].join("; ");
const busy = (fn: string): unknown[] => [failures(fn, 300), above(0), "2 of 2", "notBreaching"];
const rare = (fn: string): unknown[] => [failures(fn, 900), above(0), "1 of 1", "notBreaching"];
const dead = (queue: string): unknown[] => [visible(queue), above(0), "1 of 1", "notBreaching"];

const TABLE: Record<string, unknown[]> = {
  ApiErrors: [
    "Sum of AWS/ApiGateway 5xx of ManagementApi $default in 300 s",
    above(5),
    "1 of 1",
    "notBreaching",
  ],
  StreamAge: [
    "Maximum of AWS/Lambda IteratorAge of FanOutFunction in 60 s",
    above(60_000),
    "5 of 5",
    "notBreaching",
  ],
  RecordsQuarantined: [
    "Maximum of Trailcast/Trailcast RecordsInQuarantine of sweep in 900 s",
    above(0),
    "1 of 1",
    "ignore",
  ],
  RecordsGivenUp: dead("FanOutGivenUp"),
  DeadWakeUps: dead("WakeUpsDead"),
  DeadSlowWakeUps: dead("WakeUpsSlowDead"),
  WakeUpAge: [age("WakeUpsQueue"), above(300), "5 of 5", "notBreaching"],
  SlowWakeUpAge: [age("WakeUpsSlowQueue"), above(1800), "5 of 5", "notBreaching"],
  DeliveryLag: [
    "expr_1 = FILL(lag, 901); (lag = Maximum of Trailcast/Trailcast OldestUndeliveredAge of sweep in 900 s)",
    above(900),
    "2 of 2",
    "breaching",
  ],
  PurgeFailures: [
    "Sum of Trailcast/Trailcast PurgeFailures of purge in 300 s",
    above(0),
    "1 of 1",
    "notBreaching",
  ],
  DeadPurgeTasks: dead("RetentionDead"),
  IngestFunction: busy("IngestFunction"),
  FanOutFunction: busy("FanOutFunction"),
  DeliveryFunction: busy("DeliveryFunction"),
  SweepFunction: rare("SweepFunction"),
  RedriveFunction: rare("FanOutRedrive"),
  ExportFunction: rare("ReadingExport"),
  PlanPurgeFunction: rare("RetentionPlan"),
  PurgeFunction: rare("RetentionPurge"),
  ManagementFunction: busy("ManagementFunction"),
  ReadingFunction: busy("ReadingFunction"),
  OpenFunction: busy("ManagementOpen"),
  MapGroupsFunction: busy("IdentityMapGroups"),
};

it("every alarm has exactly the metric, threshold and periods of its row in this table", () => {
  const alarms = resourcesOf(template, "AWS::CloudWatch::Alarm").map(([id, { Properties }]) => [
    plain(id).replace("ObservabilityAlarms", ""),
    rowOf(Properties),
  ]);
  expect(Object.fromEntries(alarms)).toEqual(TABLE);
});
