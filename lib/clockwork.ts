import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { CfnSchedule } from "aws-cdk-lib/aws-scheduler";
import { Construct } from "constructs";
import { Stack } from "aws-cdk-lib";
import type { TrailcastFunction } from "./trailcast-function.ts";

interface ClockworkProps {
  /** `rate(1 minute)`, or `cron(…)` in UTC. */
  readonly expression: string;
  readonly fn: TrailcastFunction;
  readonly input: unknown;
  readonly description: string;
}

/** A function invoked on a schedule (EventBridge Scheduler), with a role that may invoke only this function. */
export class Clockwork extends Construct {
  constructor(scope: Construct, id: string, props: ClockworkProps) {
    super(scope, id);
    const role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("scheduler.amazonaws.com", {
        conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
      }),
    });
    role.addToPolicy(
      new PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: [props.fn.functionArn] }),
    );
    const schedule = new CfnSchedule(this, "Schedule", {
      description: props.description,
      scheduleExpression: props.expression,
      flexibleTimeWindow: { mode: "OFF" },
      target: {
        arn: props.fn.functionArn,
        roleArn: role.roleArn,
        input: JSON.stringify(props.input),
        // Retries of the asynchronous hand-over from Scheduler to Lambda. Retries of the invocation itself are
        // configured at the function.
        retryPolicy: { maximumRetryAttempts: 2, maximumEventAgeInSeconds: 60 },
      },
    });
    // The role must have its permissions first, because the first invocation happens as soon as the schedule exists.
    schedule.node.addDependency(role);
  }
}
