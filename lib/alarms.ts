import { Stack } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";
import type { Deployment } from "./deployment.ts";

interface Watch {
  readonly metric: IMetric;
  /** The alarm is raised when the metric exceeds this value. */
  readonly above: number;
  /** Number of consecutive periods of the metric; 1 by default. */
  readonly periods?: number;
  /**
   * How missing data is treated; NOT_BREACHING by default, since queues, streams and counters report nothing when idle.
   */
  readonly missing?: TreatMissingData;
  /** One sentence: who notices what while the alarm is on. */
  readonly impact: string;
  /** Heading of the runbook: the fragment of its URL. */
  readonly runbook: string;
}

/** The operator's SNS topic, and alarms whose descriptions state the impact and link to a runbook. */
export class Alarms extends Construct {
  readonly topic: Topic;
  private readonly runbookUrl: string;

  constructor(scope: Construct, id: string, { settings }: Deployment) {
    super(scope, id);
    this.runbookUrl = settings.runbookUrl;
    this.topic = new Topic(this, "Topic", { enforceSSL: true });
    // The policy that refuses plain HTTP replaces the default policy, which would allow CloudWatch to publish alarms.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
        actions: ["sns:Publish"],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
      }),
    );
    if (settings.alarmEmail !== undefined) {
      this.topic.addSubscription(new EmailSubscription(settings.alarmEmail));
    }
  }

  watch(id: string, { metric, above, periods = 1, missing, impact, runbook }: Watch): Alarm {
    const alarm = new Alarm(this, id, {
      alarmName: `${Stack.of(this).stackName}-${id}`,
      alarmDescription: `${impact} Runbook: ${this.runbookUrl}#${runbook}`,
      metric,
      threshold: above,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: missing ?? TreatMissingData.NOT_BREACHING,
    });
    const action = new SnsAction(this.topic);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
    return alarm;
  }
}
