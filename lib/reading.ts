import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { BlockPublicAccess, Bucket, BucketEncryption } from "aws-cdk-lib/aws-s3";
import { Policy, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { ENV } from "../lambdas/core/base/environment.ts";
import { EXPORT_KEPT_DAYS } from "../lambdas/core/reading/export-job.ts";
import { acknowledge } from "./acknowledge.ts";
import type { Deployment } from "./deployment.ts";
import { equipEvents, equipPlans } from "./equipment.ts";
import type { EventLog } from "./event-log.ts";
import type { Registry } from "./registry.ts";
import { TrailcastFunction } from "./trailcast-function.ts";

interface ReadingParts {
  readonly eventLog: EventLog;
  readonly registry: Registry;
}

/**
 * Reading events: lists, single events by id, small exports at once, and large exports by a job that writes parts to
 * S3.
 */
export class Reading extends Construct {
  readonly fn: TrailcastFunction;
  readonly exportFn: TrailcastFunction;
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, deployment: Deployment, parts: ReadingParts) {
    super(scope, id);
    this.bucket = this.createBucket(deployment);
    this.fn = this.reader("Function", deployment, parts, {
      entry: "read-events",
      description: "Lists, shows and exports recorded events",
      // API Gateway times out at 29 s.
      timeoutSeconds: 29,
    });
    equipEvents(this.fn, deployment);
    parts.registry.grantReadDeliveries(this.fn);
    this.allowOnParts(this.fn, ["s3:GetObject"]);
    this.exportFn = this.reader("Export", deployment, parts, {
      entry: "export-events",
      description: "Writes an export to the bucket, part by part",
      timeoutSeconds: 900,
      callsItself: true,
    });
    this.allowOnParts(this.exportFn, ["s3:PutObject"]);
    this.allowNextRound();
    this.fn.allow(["lambda:InvokeFunction"], [this.exportFn.functionArn]);
    this.fn.equip({ [ENV.exportFunction]: this.exportFn.functionName });
  }

  // A separate policy, because the function depends on its role's policy, which can therefore not name the function.
  private allowNextRound(): void {
    const policy = new Policy(this, "NextRound", { roles: [this.exportFn.executionRole] });
    policy.addStatements(
      new PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: [this.exportFn.functionArn] }),
    );
  }

  private reader(
    id: string,
    deployment: Deployment,
    parts: ReadingParts,
    what: {
      entry: "read-events" | "export-events";
      description: string;
      timeoutSeconds: number;
      callsItself?: boolean;
    },
  ): TrailcastFunction {
    const fn = new TrailcastFunction(this, id, deployment, { ...what, memoryMegabytes: 1024 });
    parts.eventLog.grantReadJournal(fn);
    parts.eventLog.grantReadEntries(fn);
    parts.registry.grantExports(fn);
    equipPlans(fn, deployment);
    return fn;
  }

  private createBucket({ settings }: Deployment): Bucket {
    const bucket = new Bucket(this, "Exports", {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      lifecycleRules: [
        // As long as the row of the job, which contains the links.
        {
          expiration: Duration.days(EXPORT_KEPT_DAYS),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
      removalPolicy: settings.protectData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    acknowledge(
      bucket,
      "S1",
      "Parts live for days and are reached only by links that end within minutes; who asked is in the API's log",
    );
    return bucket;
  }

  private allowOnParts(fn: TrailcastFunction, actions: readonly string[]): void {
    fn.allowWide(
      actions,
      this.bucket.arnForObjects("*"),
      "Parts of exports are named at run time, below their workspace",
    );
    fn.equip({ [ENV.exportBucket]: this.bucket.bucketName });
  }
}
