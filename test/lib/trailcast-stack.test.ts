import { describe, expect, it } from "vitest";
import { plansSchema } from "../../lambdas/core/workspace/entitlement.ts";
import { ENV } from "../../lambdas/core/base/environment.ts";
import { DEFAULT_RETENTION, retentionSettingsSchema } from "../../lambdas/core/workspace/retention.ts";
import { DEFAULT_RETRY, retrySettingsSchema } from "../../lambdas/core/delivery/retry-schedule.ts";
import { API_ROUTES } from "../../lib/api-routes.ts";
import { FUNCTION_ENTRIES } from "../../lib/function-code.ts";
import { parseSettings } from "../../lib/settings.ts";
import {
  logicalIdOf,
  MINIMAL,
  OIDC,
  resourceOf,
  resourcesOf,
  synthesise,
  type Template,
} from "../helpers/synthesised-stack.ts";

const template = synthesise(MINIMAL);

/** Length of an environment value; names that AWS generates count with their maximum length. */
function lengthOf(stack: Template, value: unknown): number {
  if (typeof value === "string") return value.length;
  const type = stack.Resources[logicalIdOf(value)]?.Type;
  // A queue URL is https://sqs.ap-southeast-3.amazonaws.com/111122223333/ and a name of 80 characters; a table's name
  // consists of stack, id and 13 characters.
  return type === "AWS::SQS::Queue" ? 134 : type === "AWS::DynamoDB::Table" ? 90 : 64;
}

describe("tables", () => {
  const tables = resourcesOf(template, "AWS::DynamoDB::Table");

  it("can be restored to any second, and survive deletion by hand or with the stack", () => {
    expect(tables).toHaveLength(6);
    for (const [, table] of tables) {
      expect(table).toMatchObject({
        DeletionPolicy: "Retain",
        UpdateReplacePolicy: "Retain",
        Properties: {
          BillingMode: "PAY_PER_REQUEST",
          DeletionProtectionEnabled: true,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        },
      });
    }
  });

  it("of a trial are deleted with the stack, and can still be restored", () => {
    const trial = synthesise({ ...MINIMAL, protectData: false });
    for (const [, table] of resourcesOf(trial, "AWS::DynamoDB::Table")) {
      expect(table).toMatchObject({
        DeletionPolicy: "Delete",
        Properties: {
          DeletionProtectionEnabled: false,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        },
      });
    }
  });

  it("stream new entries, and remove expired items through free TTL deletes", () => {
    expect(resourceOf(template, "AWS::DynamoDB::Table", "EventLogEvents").Properties).toMatchObject({
      StreamSpecification: { StreamViewType: "NEW_IMAGE" },
      TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
    });
    const journal = resourceOf(template, "AWS::DynamoDB::Table", "EventLogJournal");
    expect(journal.Properties["TimeToLiveSpecification"]).toBeUndefined();
  });

  it("index lanes by their next attempt, with keys only", () => {
    expect(resourceOf(template, "AWS::DynamoDB::Table", "RegistryTable").Properties).toMatchObject({
      GlobalSecondaryIndexes: [{ IndexName: "due", Projection: { ProjectionType: "KEYS_ONLY" } }],
    });
  });
});

describe("the stream of entries", () => {
  const mapping = resourceOf(template, "AWS::Lambda::EventSourceMapping", "FanOutStream").Properties;

  it("is read in order and without delay, inserts only", () => {
    expect(mapping).toMatchObject({
      FilterCriteria: { Filters: [{ Pattern: '{"eventName":["INSERT"]}' }] },
      ParallelizationFactor: 1,
      MaximumBatchingWindowInSeconds: 0,
      StartingPosition: "TRIM_HORIZON",
    });
  });

  it("is not blocked by a bad record, drops none early, and reports those given up before the stream loses them", () => {
    expect(mapping).toMatchObject({
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      MaximumRecordAgeInSeconds: 20 * 3600,
    });
    expect(mapping["MaximumRetryAttempts"]).toBeUndefined();
    expect(logicalIdOf(mapping["DestinationConfig"].OnFailure.Destination)).toContain("FanOutGivenUp");
  });

  it("gathers a batch for as long as the setting says", () => {
    const patient = synthesise({ ...MINIMAL, fanOut: { windowSeconds: 5 } });
    expect(resourceOf(patient, "AWS::Lambda::EventSourceMapping", "FanOutStream").Properties).toMatchObject({
      MaximumBatchingWindowInSeconds: 5,
    });
  });
});

describe("wake-ups", () => {
  const deliver = resourceOf(template, "AWS::Lambda::Function", "DeliveryFunction").Properties;

  it.each(["WakeUpsQueue", "WakeUpsSlowQueue"])(
    "in the %s keep the order of a lane and the throughput of many",
    (id) => {
      const queue = resourceOf(template, "AWS::SQS::Queue", id).Properties;
      expect(queue).toMatchObject({
        FifoQueue: true,
        FifoThroughputLimit: "perMessageGroupId",
        DeduplicationScope: "messageGroup",
        SqsManagedSseEnabled: true,
        RedrivePolicy: { maxReceiveCount: 10 },
      });
      expect(queue["ContentBasedDeduplication"]).toBeUndefined();
      expect(queue["VisibilityTimeout"]).toBeGreaterThanOrEqual(6 * deliver["Timeout"]);
      const dead = template.Resources[logicalIdOf(queue["RedrivePolicy"].deadLetterTargetArn)];
      expect(dead?.Properties).toMatchObject({ FifoQueue: true, MessageRetentionPeriod: 14 * 86_400 });
    },
  );

  it("are processed one lane per invocation, so that no receiver waits for another, with a concurrency limit per queue", () => {
    const tuned = synthesise({ ...MINIMAL, delivery: { concurrency: 40, slowConcurrency: 7 } });
    for (const [id, MaximumConcurrency] of [
      ["DeliveryWakeUps", 40],
      ["DeliverySlowWakeUps", 7],
    ] as const) {
      expect(resourceOf(tuned, "AWS::Lambda::EventSourceMapping", id).Properties).toMatchObject({
        BatchSize: 1,
        FunctionResponseTypes: ["ReportBatchItemFailures"],
        ScalingConfig: { MaximumConcurrency },
      });
    }
  });

  it("that were lost are replaced on a schedule", () => {
    const schedules = resourcesOf(template, "AWS::Scheduler::Schedule", "Sweep").map(([, { Properties }]) => [
      Properties["ScheduleExpression"],
      Properties["Target"].Input,
      Properties["State"] ?? "ENABLED",
    ]);
    expect(schedules).toEqual([
      ["rate(1 minute)", '{"scope":"due"}', "ENABLED"],
      ["rate(15 minutes)", '{"scope":"behind"}', "ENABLED"],
    ]);
  });
});

describe("schedules", () => {
  const schedules = resourcesOf(template, "AWS::Scheduler::Schedule");

  it("are created after their roles' permissions, because the first call comes at once", () => {
    expect(schedules).toHaveLength(3);
    for (const [, schedule] of schedules) {
      const role = logicalIdOf(schedule.Properties["Target"].RoleArn);
      const policies = resourcesOf(template, "AWS::IAM::Policy").filter(([, { Properties }]) =>
        Properties["Roles"].map(logicalIdOf).includes(role),
      );
      expect(policies).toHaveLength(1);
      expect(schedule["DependsOn"]).toEqual(expect.arrayContaining([role, policies[0]?.[0]]));
    }
  });

  it("do not accumulate sweeps that fail or cannot run, but retry the purge plan", () => {
    const configs = resourcesOf(template, "AWS::Lambda::EventInvokeConfig").map(
      ([, { Properties }]) => Properties,
    );
    expect(configs).toEqual([
      expect.objectContaining({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 }),
    ]);
    expect(logicalIdOf(configs[0]?.["FunctionName"])).toContain("SweepFunction");
  });
});

describe("functions", () => {
  const functions = resourcesOf(template, "AWS::Lambda::Function");

  it("run on Node 24 and arm64, each with a log group of limited retention", () => {
    expect(functions).toHaveLength(FUNCTION_ENTRIES.length - 1);
    for (const [, { Properties }] of functions) {
      expect(Properties).toMatchObject({ Runtime: "nodejs24.x", Architectures: ["arm64"] });
      const logs = template.Resources[logicalIdOf(Properties["LoggingConfig"].LogGroup)];
      expect(logs?.Properties).toMatchObject({ RetentionInDays: 30 });
    }
  });

  it("have no secret in their environment", () => {
    const names = functions.flatMap(([, { Properties }]) => Object.keys(Properties["Environment"].Variables));
    expect(names.filter((name) => /key|token|password|credential/i.test(name))).toEqual([]);
    expect(names.filter((name) => /secret/i.test(name) && name !== "TRAILCAST_SECRET_PREFIX")).toEqual([]);
  });

  it("get settings in the form that their code reads", () => {
    const read = (fn: string, name: string): unknown =>
      JSON.parse(resourceOf(template, "AWS::Lambda::Function", fn).Properties["Environment"].Variables[name]);
    expect(plansSchema.parse(read("DeliveryFunction", ENV.plans))).toHaveProperty("enterprise");
    expect(retrySettingsSchema.parse(read("DeliveryFunction", ENV.retry))).toEqual(DEFAULT_RETRY);
    expect(read("DeliveryFunction", ENV.shards)).toEqual({});
    const retention = retentionSettingsSchema.parse(read("RetentionPurge", ENV.retention));
    expect(retention).toEqual(DEFAULT_RETENTION);
  });

  it("have room in the 4 kB of their environment for the longest settings that are accepted", () => {
    const longest = (shards: number) => ({
      sourceBaseUrl: `https://a.b/${"c".repeat(244)}`,
      upgradeUrl: "https://a.b/c",
      eventTypePrefix: "a".repeat(128),
      scopePrefix: "a".repeat(100),
      oidc: OIDC,
      retry: { schedule: Array.from({ length: 20 }, () => 43_200) },
      shards: Object.fromEntries(Array.from({ length: shards }, (_, index) => [`ws_${1000 + index}`, 4])),
    });
    expect(() => parseSettings(longest(154))).toThrow("must have at most 2048 bytes together");
    const full = synthesise(longest(153), "S".repeat(40));
    const bytes = resourcesOf(full, "AWS::Lambda::Function").map(([, { Properties }]) =>
      Object.entries(Properties["Environment"].Variables)
        .map(([name, value]) => name.length + lengthOf(full, value))
        .reduce((sum, one) => sum + one),
    );
    expect(Math.max(...bytes)).toBeLessThanOrEqual(4096);
    expect(Math.max(...bytes)).toBeGreaterThan(3900);
  });

  it("have time to finish before their queue makes a message visible again", () => {
    let queues = 0;
    for (const [, { Properties }] of resourcesOf(template, "AWS::Lambda::EventSourceMapping")) {
      const queue = template.Resources[logicalIdOf(Properties["EventSourceArn"])]?.Properties;
      const fn = template.Resources[logicalIdOf(Properties["FunctionName"])]?.Properties;
      if (queue?.["VisibilityTimeout"] === undefined) continue;
      expect(queue["VisibilityTimeout"]).toBeGreaterThanOrEqual(6 * fn?.["Timeout"]);
      queues++;
    }
    expect(queues).toBe(4);
  });
});

describe("the API", () => {
  const routes = resourcesOf(template, "AWS::ApiGatewayV2::Route").map(([, { Properties }]) => Properties);

  it("requires a token on every route except the public ones", () => {
    const open = routes
      .filter((route) => route["AuthorizationType"] !== "JWT")
      .map((route) => route["RouteKey"]);
    expect(open.toSorted()).toEqual([...API_ROUTES.open].toSorted());
    expect(routes).toHaveLength(Object.values(API_ROUTES).flat().length);
  });

  it("accepts the tokens of the issuer in the settings", () => {
    const { JwtConfiguration } = resourceOf(template, "AWS::ApiGatewayV2::Authorizer", "").Properties;
    expect(JwtConfiguration).toEqual({ Issuer: OIDC.issuer, Audience: [OIDC.audience] });
  });

  it("throttles requests and logs each without query and headers", () => {
    const stage = resourceOf(template, "AWS::ApiGatewayV2::Stage", "").Properties;
    expect(stage["DefaultRouteSettings"]).toMatchObject({
      ThrottlingRateLimit: 1000,
      ThrottlingBurstLimit: 2000,
    });
    expect(stage["AccessLogSettings"].Format).toContain("$context.routeKey");
    expect(stage["AccessLogSettings"].Format).not.toMatch(/query|header|requestOverride/i);
  });

  it("allows pages of other sites only when the settings name them", () => {
    expect(
      resourceOf(template, "AWS::ApiGatewayV2::Api", "").Properties["CorsConfiguration"],
    ).toBeUndefined();
    const open = synthesise({ ...MINIMAL, api: { corsOrigins: ["https://app.example.com"] } });
    expect(resourceOf(open, "AWS::ApiGatewayV2::Api", "").Properties["CorsConfiguration"]).toMatchObject({
      AllowOrigins: ["https://app.example.com"],
    });
  });
});

describe("stored data", () => {
  it("is reachable only over TLS: queues, bucket and topic refuse other requests", () => {
    for (const type of ["AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy"]) {
      for (const [, { Properties }] of resourcesOf(template, type)) {
        expect(JSON.stringify(Properties["PolicyDocument"])).toContain('"aws:SecureTransport":"false"');
      }
    }
    expect(resourcesOf(template, "AWS::SQS::QueuePolicy")).toHaveLength(
      resourcesOf(template, "AWS::SQS::Queue").length,
    );
  });

  it("is not public and does not accumulate, since exports expire after a week", () => {
    expect(resourceOf(template, "AWS::S3::Bucket", "Exports").Properties).toMatchObject({
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
      LifecycleConfiguration: { Rules: [{ ExpirationInDays: 7, Status: "Enabled" }] },
    });
  });
});

describe("the template", () => {
  it("has no custom resources that run during a deployment", () => {
    const types = Object.values(template.Resources).map((resource) => resource.Type);
    expect(types.filter((type) => /^Custom::|CustomResource|Macro/.test(type))).toEqual([]);
  });

  it("is the same for the same settings", () => {
    expect(synthesise(MINIMAL)).toEqual(template);
  });
});
