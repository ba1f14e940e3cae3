import { createHash } from "node:crypto";
import { UnknownTemplateError } from "../errors.ts";
import { globalArn, LOCAL_ACCOUNT, LOCAL_REGION, localArn } from "../region.ts";

/** What the names of a stack's resources depend on. The functions are called only when a name is needed. */
export interface NameSources {
  stackName: string;
  /** `http://127.0.0.1:PORT` of the endpoint for AWS calls and of the HTTP API. */
  awsEndpointUrl(): string;
  apiUrl(): string;
  /** ARN of a table's stream, known once the table exists. */
  streamArn(logicalId: string): string;
}

/** The facts about a resource that its names depend on. `named` is its explicit name, if the template gives one. */
export interface NamedResource {
  logicalId: string;
  type: string;
  named: string | undefined;
  isFifo: boolean;
  group: string | undefined;
}

/** The results of `Ref` and `Fn::GetAtt`. */
export interface ResourceNames {
  ref: string;
  attributes: Readonly<Record<string, () => string>>;
}

type Naming = (resource: NamedResource, name: string, sources: NameSources) => ResourceNames;

/** An id such as AWS would generate, for example for an API, but the same on every start. */
function shortId(stackName: string, logicalId: string): string {
  const digest = createHash("sha256").update(`${stackName}/${logicalId}`).digest();
  return BigInt(`0x${digest.toString("hex")}`)
    .toString(36)
    .slice(0, 10);
}

const withArn = (ref: string, arn: string): ResourceNames => ({ ref, attributes: { Arn: () => arn } });

const tableNames: Naming = (resource, name, sources) => ({
  ref: name,
  attributes: {
    Arn: () => localArn("dynamodb", `table/${name}`),
    StreamArn: () => sources.streamArn(resource.logicalId),
  },
});

const queueNames: Naming = (resource, plainName, sources) => {
  const name = resource.named === undefined && resource.isFifo ? `${plainName}.fifo` : plainName;
  const url = `${sources.awsEndpointUrl()}/${LOCAL_ACCOUNT}/${name}`;
  return {
    ref: url,
    attributes: { Arn: () => localArn("sqs", name), QueueName: () => name, QueueUrl: () => url },
  };
};

const bucketNames: Naming = (_, plainName) => {
  const name = plainName.toLowerCase();
  return {
    ref: name,
    attributes: {
      Arn: () => `arn:aws:s3:::${name}`,
      DomainName: () => `${name}.s3.amazonaws.com`,
      RegionalDomainName: () => `${name}.s3.${LOCAL_REGION}.amazonaws.com`,
    },
  };
};

const apiNames: Naming = (resource, _, sources) => ({
  ref: shortId(sources.stackName, resource.logicalId),
  attributes: {
    ApiEndpoint: () => sources.apiUrl(),
    ApiId: () => shortId(sources.stackName, resource.logicalId),
  },
});

const idOnly: Naming = (resource, _, sources) => ({
  ref: shortId(sources.stackName, resource.logicalId),
  attributes: {},
});
const nameAndArn =
  (arn: (name: string, resource: NamedResource) => string): Naming =>
  (resource, name) =>
    withArn(name, arn(name, resource));
const arnAsRef =
  (arn: (name: string) => string): Naming =>
  (_, name) => ({ ref: arn(name), attributes: { Arn: () => arn(name), TopicName: () => name } });

const NAMINGS: Readonly<Record<string, Naming>> = {
  "AWS::ApiGatewayV2::Api": apiNames,
  "AWS::ApiGatewayV2::Authorizer": idOnly,
  "AWS::ApiGatewayV2::Integration": idOnly,
  "AWS::ApiGatewayV2::Route": idOnly,
  "AWS::CloudWatch::Alarm": nameAndArn((name) => localArn("cloudwatch", `alarm:${name}`)),
  "AWS::CloudWatch::CompositeAlarm": nameAndArn((name) => localArn("cloudwatch", `alarm:${name}`)),
  "AWS::CloudWatch::Dashboard": nameAndArn((name) => globalArn("cloudwatch", `dashboard/${name}`)),
  "AWS::DynamoDB::Table": tableNames,
  "AWS::Events::EventBus": (_, name) => ({
    ref: name,
    attributes: { Arn: () => localArn("events", `event-bus/${name}`), Name: () => name },
  }),
  "AWS::Events::Rule": nameAndArn((name) => localArn("events", `rule/${name}`)),
  "AWS::IAM::ManagedPolicy": (_, name) => ({
    ref: globalArn("iam", `policy/${name}`),
    attributes: { PolicyArn: () => globalArn("iam", `policy/${name}`) },
  }),
  "AWS::IAM::Role": nameAndArn((name) => globalArn("iam", `role/${name}`)),
  "AWS::Lambda::EventSourceMapping": idOnly,
  "AWS::Lambda::Function": nameAndArn((name) => localArn("lambda", `function:${name}`)),
  "AWS::Logs::LogGroup": nameAndArn((name) => localArn("logs", `log-group:${name}:*`)),
  "AWS::S3::Bucket": bucketNames,
  "AWS::SNS::Topic": arnAsRef((name) => localArn("sns", name)),
  "AWS::SQS::Queue": queueNames,
  "AWS::Scheduler::Schedule": nameAndArn((name, { group }) =>
    localArn("scheduler", `schedule/${group ?? "default"}/${name}`),
  ),
  "AWS::Scheduler::ScheduleGroup": nameAndArn((name) => localArn("scheduler", `schedule-group/${name}`)),
};

/** The property that contains a resource's explicit name, by type. */
export const NAME_PROPERTIES: Readonly<Record<string, string>> = {
  "AWS::CloudWatch::Alarm": "AlarmName",
  "AWS::CloudWatch::CompositeAlarm": "AlarmName",
  "AWS::CloudWatch::Dashboard": "DashboardName",
  "AWS::DynamoDB::Table": "TableName",
  "AWS::Events::EventBus": "Name",
  "AWS::Events::Rule": "Name",
  "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
  "AWS::IAM::Role": "RoleName",
  "AWS::Lambda::Function": "FunctionName",
  "AWS::Logs::LogGroup": "LogGroupName",
  "AWS::S3::Bucket": "BucketName",
  "AWS::SNS::Topic": "TopicName",
  "AWS::SQS::Queue": "QueueName",
  "AWS::Scheduler::Schedule": "Name",
  "AWS::Scheduler::ScheduleGroup": "Name",
};

/** Names as CloudFormation would generate them, but the same on every start. */
export function namesOf(resource: NamedResource, sources: NameSources): ResourceNames {
  const naming = NAMINGS[resource.type];
  if (naming === undefined) {
    throw new UnknownTemplateError(
      `${resource.logicalId} (${resource.type})`,
      "a reference to this resource",
    );
  }
  return naming(resource, resource.named ?? `${sources.stackName}-${resource.logicalId}`, sources);
}
