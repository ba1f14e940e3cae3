import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { CfnSchedule } from "aws-cdk-lib/aws-scheduler";
import { Construct } from "constructs";
import { Stack } from "aws-cdk-lib";
import type { TrailcastFunction } from "./trailcast-function.ts";

interface ClockworkProps {
  /** `rate(1 minute)`, `cron(…)` in UTC. */
  readonly expression: string;
  readonly fn: TrailcastFunction;
  readonly input: unknown;
  readonly description: string;
}

/** A function called by the clock (EventBridge Scheduler), by a role that may call this function only. */
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
        // Of handing the call over, which Scheduler does asynchronously: what becomes of it then is Lambda's own retries.
        retryPolicy: { maximumRetryAttempts: 2, maximumEventAgeInSeconds: 60 },
      },
    });
    // With what the role may do: the first call comes as soon as the schedule is there.
    schedule.node.addDependency(role);
  }
}
