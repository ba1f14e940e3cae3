/**
 * Types that do nothing on a single machine, each with the reason why the stack still works without it. A type that is
 * neither here nor implemented makes the start fail.
 */
export const INERT_TYPES: Readonly<Record<string, string>> = {
  "AWS::CDK::Metadata": "tells AWS which constructs were used",
  "AWS::CloudWatch::Alarm": "watches metrics, which are lines in the functions' log files here",
  "AWS::CloudWatch::CompositeAlarm": "watches metrics, which are lines in the functions' log files here",
  "AWS::CloudWatch::Dashboard": "shows metrics, which are lines in the functions' log files here",
  "AWS::Logs::LogGroup": "logs are files below the data folder",
  "AWS::Logs::MetricFilter": "derives metrics from logs",
  "AWS::Logs::QueryDefinition": "is a saved search in the console of AWS",
  "AWS::SNS::Topic": "takes what alarms say; there are no alarms here",
  "AWS::SNS::TopicPolicy": "takes what alarms say; there are no alarms here",
  "AWS::SNS::Subscription": "takes what alarms say; there are no alarms here",
};

/** Types that the runtime implements. */
export const RUNNING_TYPES = [
  "AWS::ApiGatewayV2::Api",
  "AWS::ApiGatewayV2::Authorizer",
  "AWS::ApiGatewayV2::Integration",
  "AWS::ApiGatewayV2::Route",
  "AWS::ApiGatewayV2::Stage",
  "AWS::DynamoDB::Table",
  "AWS::Events::EventBus",
  "AWS::Events::EventBusPolicy",
  "AWS::Events::Rule",
  "AWS::IAM::ManagedPolicy",
  "AWS::IAM::Policy",
  "AWS::IAM::Role",
  "AWS::Lambda::EventInvokeConfig",
  "AWS::Lambda::EventSourceMapping",
  "AWS::Lambda::Function",
  "AWS::Lambda::Permission",
  "AWS::S3::Bucket",
  "AWS::S3::BucketPolicy",
  "AWS::SQS::Queue",
  "AWS::SQS::QueuePolicy",
  "AWS::Scheduler::Schedule",
  "AWS::Scheduler::ScheduleGroup",
] as const;
export type RunningType = (typeof RUNNING_TYPES)[number];

const running: ReadonlySet<string> = new Set(RUNNING_TYPES);

export function isKnownType(type: string): boolean {
  return running.has(type) || INERT_TYPES[type] !== undefined;
}
