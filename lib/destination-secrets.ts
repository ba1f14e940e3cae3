import { Stack } from "aws-cdk-lib";
import { ENV } from "../lambdas/core/base/environment.ts";
import type { Construct } from "constructs";
import type { Deployment } from "./deployment.ts";
import type { TrailcastFunction } from "./trailcast-function.ts";

const REASON = "The secrets of destinations are made at run time, all under this prefix";

/** One secret a destination, made at run time under one name prefix: all that the stack creates outside its template. */
export class DestinationSecrets {
  /** Ends in a slash. */
  readonly prefix: string;
  private readonly arnPattern: string;

  constructor(scope: Construct, deployment: Deployment) {
    const stack = Stack.of(scope);
    this.prefix = `${deployment.settings.secretPrefix ?? `trailcast/${stack.stackName}`}/`;
    this.arnPattern = `arn:${stack.partition}:secretsmanager:${stack.region}:${stack.account}:secret:${this.prefix}*`;
  }

  /** Read the secret that signs and the header values beside it. */
  grantRead(fn: TrailcastFunction): void {
    this.allow(fn, ["secretsmanager:GetSecretValue"]);
  }

  /** Make, rotate and delete secrets. */
  grantManage(fn: TrailcastFunction): void {
    this.allow(fn, [
      "secretsmanager:CreateSecret",
      "secretsmanager:PutSecretValue",
      "secretsmanager:GetSecretValue",
      "secretsmanager:DeleteSecret",
    ]);
    // Others know a secret by the name that its destination's row has.
    fn.equip({ [ENV.secretPrefix]: this.prefix });
  }

  /** Delete what requests that died have left. */
  grantDelete(fn: TrailcastFunction): void {
    this.allow(fn, ["secretsmanager:DeleteSecret"]);
  }

  private allow(fn: TrailcastFunction, actions: readonly string[]): void {
    fn.allowWide(actions, this.arnPattern, REASON);
  }
}
