import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import type { ISecurityGroup, IVpc, SubnetSelection } from "aws-cdk-lib/aws-ec2";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Function as LambdaFunction, RecursiveLoop, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { METRIC_NAMESPACE } from "../lambdas/core/base/metric-names.ts";
import { acknowledgeWildcard } from "./acknowledge.ts";
import type { Deployment } from "./deployment.ts";
import type { FunctionEntry } from "./function-code.ts";

export interface TrailcastFunctionProps {
  readonly entry: FunctionEntry;
  /** What it is for, in a sentence: the console of AWS shows it. */
  readonly description: string;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  /**
   * It sends work to itself, by a queue or directly, as often as there is work. Lambda would take that for an accident
   * and stop it after 16 rounds.
   */
  readonly callsItself?: boolean;
  readonly network?: { vpc: IVpc; vpcSubnets: SubnetSelection; securityGroups: ISecurityGroup[] };
}

/** Namespace of the metrics of one stack. */
export function metricNamespace(scope: Construct): string {
  return `${METRIC_NAMESPACE}/${Stack.of(scope).stackName}`;
}

/**
 * A function of the stack: Node 24 on arm64, a log group with the deployment's retention, and a role that may write
 * to it and nothing more. What it touches is granted by the constructs that own it, with the environment to find it.
 *
 * There is no X-Ray: a trace id travels with the event, through the stream and the journal, where X-Ray's would end.
 */
export class TrailcastFunction extends LambdaFunction {
  readonly entry: FunctionEntry;
  /** What a mapping to this function has to wait for: AWS checks its rights when the mapping is made. */
  readonly executionRole: Role;

  constructor(scope: Construct, id: string, deployment: Deployment, props: TrailcastFunctionProps) {
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      retention: deployment.settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(scope, `${id}Role`, {
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
      description: `What ${props.entry} may do`,
    });
    logGroup.grantWrite(role);
    super(scope, id, {
      code: deployment.functionCode(props.entry),
      handler: "index.handler",
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      description: props.description,
      timeout: Duration.seconds(props.timeoutSeconds),
      memorySize: props.memoryMegabytes,
      logGroup,
      role,
      environment: { POWERTOOLS_METRICS_NAMESPACE: metricNamespace(scope) },
      ...(props.callsItself === true && { recursiveLoop: RecursiveLoop.ALLOW }),
      ...props.network,
    });
    this.entry = props.entry;
    this.executionRole = role;
  }

  /** Adds to the role what one grant names. */
  allow(actions: readonly string[], resources: readonly string[]): void {
    this.addToRolePolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }));
  }

  /** The same for a resource with an asterisk in it, for which there has to be a reason. */
  allowWide(actions: readonly string[], resource: string, reason: string): void {
    this.allow(actions, [resource]);
    acknowledgeWildcard(this.executionRole, resource, reason);
  }

  /** Adds to the environment what one grant names. */
  equip(environment: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(environment)) this.addEnvironment(name, value);
  }
}
