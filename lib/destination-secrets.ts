import { Stack } from "aws-cdk-lib";
import { ENV } from "../lambdas/core/base/environment.ts";
import type { Construct } from "constructs";
import type { Deployment } from "./deployment.ts";
import type { TrailcastFunction } from "./trailcast-function.ts";

const REASON = "The secrets of destinations are made at run time, all under this prefix";

/**
 * One secret for each destination, created at run time under one name prefix. Nothing else is created outside of the
 * template.
 */
export class DestinationSecrets {
  /** Ends with a slash. */
  readonly prefix: string;
  private readonly arnPattern: string;

  constructor(scope: Construct, deployment: Deployment) {
    const stack = Stack.of(scope);
    this.prefix = `${deployment.settings.secretPrefix ?? `trailcast/${stack.stackName}`}/`;
    this.arnPattern = `arn:${stack.partition}:secretsmanager:${stack.region}:${stack.account}:secret:${this.prefix}*`;
  }

  /** Allows reading the signing secret and the header values stored with it. */
  grantRead(fn: TrailcastFunction): void {
    this.allow(fn, ["secretsmanager:GetSecretValue"]);
  }

  /** Allows creating, rotating and deleting secrets. */
  grantManage(fn: TrailcastFunction): void {
    this.allow(fn, [
      "secretsmanager:CreateSecret",
      "secretsmanager:PutSecretValue",
      "secretsmanager:GetSecretValue",
      "secretsmanager:DeleteSecret",
    ]);
    // Other functions take the name of a secret from the row of its destination.
    fn.equip({ [ENV.secretPrefix]: this.prefix });
  }

  /** Allows deleting secrets that interrupted requests left behind. */
  grantDelete(fn: TrailcastFunction): void {
    this.allow(fn, ["secretsmanager:DeleteSecret"]);
  }

  private allow(fn: TrailcastFunction, actions: readonly string[]): void {
    fn.allowWide(actions, this.arnPattern, REASON);
  }
}
