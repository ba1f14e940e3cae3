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

/** This stack has its own user pool. */
const template = synthesise({ sourceBaseUrl: MINIMAL.sourceBaseUrl });
const trial = synthesise({
  sourceBaseUrl: MINIMAL.sourceBaseUrl,
  protectData: false,
  delivery: { logDays: 12 },
  api: { corsOrigins: ["https://app.example.com"] },
});

const HOUR = 3600;
const DAY = 24 * HOUR;
/** Removes what CDK adds to a name in a logical id. */
const plain = (id: string): string => id.replace(/^Trailcast/, "").replace(/[0-9A-F]{8}$/, "");
const table = <Row>(type: string, row: (properties: Resource["Properties"]) => Row): Record<string, Row> =>
  Object.fromEntries(resourcesOf(template, type).map(([id, { Properties }]) => [plain(id), row(Properties)]));

describe("every function", () => {
  it("has the time-out that its caller allows, and may call itself only where it continues its own work", () => {
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

  it("that stores deliveries knows for how many days they are kept", () => {
    for (const fn of ["DeliveryFunction", "ManagementFunction"]) {
      const { Environment } = resourceOf(trial, "AWS::Lambda::Function", fn).Properties;
      expect([fn, Environment.Variables[ENV.deliveryLogDays]]).toEqual([fn, "12"]);
    }
  });
});

describe("every queue", () => {
  it("has the expected retention, maximum receives and dead-letter queue", () => {
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
  it("calls its function at the expected rate", () => {
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

describe("AWS services act only for this account", () => {
  const ours = { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } };

  it("when the scheduler assumes its roles", () => {
    const trusted = resourcesOf(template, "AWS::IAM::Role")
      .flatMap(([, { Properties }]) => Properties["AssumeRolePolicyDocument"].Statement)
      .filter(({ Principal }) => Principal.Service === "scheduler.amazonaws.com");
    expect(trusted.map(({ Condition }) => Condition)).toEqual([ours, ours, ours]);
  });

  it("when CloudWatch publishes to the alarm topic, where no other service may publish", () => {
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

describe("deleting the stack", () => {
  const fate = (stack: typeof template, type: string): unknown[] =>
    resourcesOf(stack, type).map(([, { DeletionPolicy, UpdateReplacePolicy }]) => [
      DeletionPolicy,
      UpdateReplacePolicy,
    ]);

  it.each(["AWS::S3::Bucket", "AWS::Cognito::UserPool"])("keeps %s, except in a trial", (type) => {
    expect(fate(template, type)).toEqual([["Retain", "Retain"]]);
    expect(fate(trial, type)).toEqual([["Delete", "Delete"]]);
  });

  it("keeps the users, who are protected from manual deletion too", () => {
    const protection = (stack: typeof template): unknown =>
      resourceOf(stack, "AWS::Cognito::UserPool", "").Properties["DeletionProtection"];
    expect([protection(template), protection(trial)]).toEqual(["ACTIVE", "INACTIVE"]);
  });
});

it("export parts expire after a week, unfinished uploads after a day", () => {
  expect(resourceOf(template, "AWS::S3::Bucket", "Exports").Properties["LifecycleConfiguration"]).toEqual({
    Rules: [
      { ExpirationInDays: 7, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 }, Status: "Enabled" },
    ],
  });
});

describe("the API", () => {
  it("lets pages of the configured sites send and read the headers that changes need", () => {
    expect(resourceOf(trial, "AWS::ApiGatewayV2::Api", "").Properties["CorsConfiguration"]).toEqual({
      AllowOrigins: ["https://app.example.com"],
      AllowMethods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
      AllowHeaders: ["authorization", "content-type", "idempotency-key", "if-match"],
      ExposeHeaders: ["etag", "location"],
      MaxAge: 3600,
    });
  });

  it("logs exactly these fields of a request", () => {
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
