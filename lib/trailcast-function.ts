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
  /** One sentence on the purpose of the function, shown in the AWS console. */
  readonly description: string;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  /**
   * Whether the function sends work to itself, through a queue or directly. Lambda's recursive loop detection would
   * stop that after 16 rounds.
   */
  readonly callsItself?: boolean;
  readonly network?: { vpc: IVpc; vpcSubnets: SubnetSelection; securityGroups: ISecurityGroup[] };
}

/** The metric namespace of one stack. */
export function metricNamespace(scope: Construct): string {
  return `${METRIC_NAMESPACE}/${Stack.of(scope).stackName}`;
}

/**
 * A function of the stack: Node 24 on arm64, a log group with the deployment's retention, and a role that may only
 * write to it. The constructs that own a resource grant further access and set the environment variables to find it.
 *
 * X-Ray is not used: its traces would end at the stream, while our trace id is stored with the event and travels on
 * through the journal.
 */
export class TrailcastFunction extends LambdaFunction {
  readonly entry: FunctionEntry;
  /**
   * An event source mapping must wait for this role, because AWS checks its permissions when the mapping is created.
   */
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

  /** Adds the permissions of one grant to the role. */
  allow(actions: readonly string[], resources: readonly string[]): void {
    this.addToRolePolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }));
  }

  /** The same for a resource that contains an asterisk, which requires a reason. */
  allowWide(actions: readonly string[], resource: string, reason: string): void {
    this.allow(actions, [resource]);
    acknowledgeWildcard(this.executionRole, resource, reason);
  }

  /** Adds the environment variables of one grant. */
  equip(environment: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(environment)) this.addEnvironment(name, value);
  }
}
