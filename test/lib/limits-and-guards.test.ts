import { describe, expect, it } from "vitest";
import { ENV } from "../../lambdas/core/base/environment.ts";
import {
  logicalIdOf,
  MINIMAL,
  type Resource,
  resourceOf,
  resourcesOf,
  synthesise,
} from "../helpers/synthesised-stack.ts";

/** With a user pool of its own. */
const template = synthesise({ sourceBaseUrl: MINIMAL.sourceBaseUrl });
const trial = synthesise({
  sourceBaseUrl: MINIMAL.sourceBaseUrl,
  protectData: false,
  delivery: { logDays: 12 },
  api: { corsOrigins: ["https://app.example.com"] },
});

const HOUR = 3600;
const DAY = 24 * HOUR;
/** What CDK puts around a name in a logical id. */
const plain = (id: string): string => id.replace(/^Trailcast/, "").replace(/[0-9A-F]{8}$/, "");
const table = <Row>(type: string, row: (properties: Resource["Properties"]) => Row): Record<string, Row> =>
  Object.fromEntries(resourcesOf(template, type).map(([id, { Properties }]) => [plain(id), row(Properties)]));

describe("every function", () => {
  it("has the time that its caller waits, and may call itself only where it hands work on", () => {
    const rows = table("AWS::Lambda::Function", ({ Timeout, RecursiveLoop }) => [Timeout, RecursiveLoop]);
    expect(rows).toEqual({
      IngestFunction: [15, undefined],
      FanOutFunction: [60, undefined],
      FanOutRedrive: [60, undefined],
      DeliveryFunction: [30, "Allow"],
      SweepFunction: [300, undefined],
      RetentionPlan: [300, undefined],
      RetentionPurge: [300, "Allow"],
      ReadingFunction: [29, undefined],
      ReadingExport: [900, "Allow"],
      ManagementFunction: [29, undefined],
      ManagementOpen: [10, undefined],
      IdentityMapGroups: [5, undefined],
    });
  });

  it("that keeps deliveries is told for how many days", () => {
    for (const fn of ["DeliveryFunction", "ManagementFunction"]) {
      const { Environment } = resourceOf(trial, "AWS::Lambda::Function", fn).Properties;
      expect([fn, Environment.Variables[ENV.deliveryLogDays]]).toEqual([fn, "12"]);
    }
  });
});

describe("every queue", () => {
  it("keeps what lies in it for so long, gives it out so often, and then sets it aside there", () => {
    const rows = table("AWS::SQS::Queue", ({ MessageRetentionPeriod, VisibilityTimeout, RedrivePolicy }) => [
      MessageRetentionPeriod,
      VisibilityTimeout,
      RedrivePolicy?.maxReceiveCount,
      RedrivePolicy && plain(logicalIdOf(RedrivePolicy.deadLetterTargetArn)),
    ]);
    const setAside = [14 * DAY, undefined, undefined, undefined];
    expect(rows).toEqual({
      WakeUpsQueue: [4 * HOUR, 180, 10, "WakeUpsDead"],
      WakeUpsSlowQueue: [4 * HOUR, 180, 10, "WakeUpsSlowDead"],
      WakeUpsDead: setAside,
      WakeUpsSlowDead: setAside,
      FanOutGivenUp: setAside,
      RetentionPurgeTasks: [2 * DAY, 1800, 3, "RetentionDead"],
      RetentionUrgentTasks: [2 * DAY, 1800, 3, "RetentionDead"],
      RetentionDead: setAside,
    });
  });
});

describe("every schedule", () => {
  it("calls its function as often as this", () => {
    const rows = table("AWS::Scheduler::Schedule", ({ ScheduleExpression, Target, State }) => [
      ScheduleExpression,
      plain(logicalIdOf(Target.Arn)),
      Target.Input,
      State ?? "ENABLED",
    ]);
    expect(rows).toEqual({
      SweepDueSchedule: ["rate(1 minute)", "SweepFunction", '{"scope":"due"}', "ENABLED"],
      SweepBehindSchedule: ["rate(15 minutes)", "SweepFunction", '{"scope":"behind"}', "ENABLED"],
      RetentionDailySchedule: ["cron(17 2 * * ? *)", "RetentionPlan", "{}", "ENABLED"],
    });
  });
});

describe("services of AWS act for this account alone", () => {
  const ours = { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } };

  it("the scheduler in its roles", () => {
    const trusted = resourcesOf(template, "AWS::IAM::Role")
      .flatMap(([, { Properties }]) => Properties["AssumeRolePolicyDocument"].Statement)
      .filter(({ Principal }) => Principal.Service === "scheduler.amazonaws.com");
    expect(trusted.map(({ Condition }) => Condition)).toEqual([ours, ours, ours]);
  });

  it("CloudWatch on the topic of alarms, on which nobody else may publish", () => {
    const { PolicyDocument } = resourceOf(template, "AWS::SNS::TopicPolicy", "").Properties;
    const allowed = PolicyDocument.Statement.filter(({ Effect }: { Effect: string }) => Effect === "Allow");
    expect(allowed).toEqual([
      expect.objectContaining({
        Action: "sns:Publish",
        Principal: { Service: "cloudwatch.amazonaws.com" },
        Condition: ours,
      }),
    ]);
  });
});

describe("what a delete of the stack leaves behind", () => {
  const fate = (stack: typeof template, type: string): unknown[] =>
    resourcesOf(stack, type).map(([, { DeletionPolicy, UpdateReplacePolicy }]) => [
      DeletionPolicy,
      UpdateReplacePolicy,
    ]);

  it.each(["AWS::S3::Bucket", "AWS::Cognito::UserPool"])("is %s, unless it was a trial", (type) => {
    expect(fate(template, type)).toEqual([["Retain", "Retain"]]);
    expect(fate(trial, type)).toEqual([["Delete", "Delete"]]);
  });

  it("is people, who cannot be deleted by hand either", () => {
    const protection = (stack: typeof template): unknown =>
      resourceOf(stack, "AWS::Cognito::UserPool", "").Properties["DeletionProtection"];
    expect([protection(template), protection(trial)]).toEqual(["ACTIVE", "INACTIVE"]);
  });
});

it("a part of an export goes after a week, an upload that was not finished after a day", () => {
  expect(resourceOf(template, "AWS::S3::Bucket", "Exports").Properties["LifecycleConfiguration"]).toEqual({
    Rules: [
      { ExpirationInDays: 7, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 }, Status: "Enabled" },
    ],
  });
});

describe("the API", () => {
  it("lets pages of named sites send and see the headers that changes need", () => {
    expect(resourceOf(trial, "AWS::ApiGatewayV2::Api", "").Properties["CorsConfiguration"]).toEqual({
      AllowOrigins: ["https://app.example.com"],
      AllowMethods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
      AllowHeaders: ["authorization", "content-type", "idempotency-key", "if-match"],
      ExposeHeaders: ["etag", "location"],
      MaxAge: 3600,
    });
  });

  it("logs of a request these fields and no others", () => {
    const { AccessLogSettings } = resourceOf(template, "AWS::ApiGatewayV2::Stage", "").Properties;
    expect(JSON.parse(AccessLogSettings.Format)).toEqual({
      requestId: "$context.requestId",
      at: "$context.requestTimeEpoch",
      route: "$context.routeKey",
      path: "$context.path",
      status: "$context.status",
      durationMs: "$context.responseLatency",
      bytes: "$context.responseLength",
      sourceIp: "$context.identity.sourceIp",
      subject: "$context.authorizer.claims.sub",
      authorizerError: "$context.authorizer.error",
      integrationError: "$context.integrationErrorMessage",
    });
  });
});
