import * as z from "zod";
import { MissingGrantError, UnknownTemplateError } from "../errors.ts";
import type { Functions } from "../functions/functions.ts";
import { mayAssume, type Guard, type Role } from "../iam/guard.ts";
import { requireGrants } from "../mappings/required-grants.ts";
import { localArn } from "../region.ts";
import type { Stack } from "../template/stack.ts";
import { noEffect } from "../template/template.ts";
import { parseSchedule, type Schedule } from "./cron.ts";
import { actionOf, targetOf, type Target } from "./targets.ts";

export const scheduleSchema = z.strictObject({
  Name: z.string().optional(),
  GroupName: z.string().optional(),
  Description: noEffect,
  State: z.enum(["ENABLED", "DISABLED"]).default("ENABLED"),
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z.enum(["UTC", "Etc/UTC"]).optional(),
  // Has no effect: a window only allows a schedule to fire later.
  FlexibleTimeWindow: z.strictObject({ Mode: z.string(), MaximumWindowInMinutes: z.number().optional() }),
  Target: z.strictObject({
    Arn: z.string(),
    RoleArn: z.string(),
    Input: z.string().optional(),
    // Has no effect: retries concern the step from Scheduler to its target, which does not fail here.
    RetryPolicy: noEffect,
    DeadLetterConfig: noEffect,
    SqsParameters: z.strictObject({ MessageGroupId: z.string().optional() }).optional(),
  }),
});

export const groupSchema = z.strictObject({ Name: z.string().optional(), Tags: noEffect });

/** A schedule of the template, or one target of a rule with a schedule. */
export interface ScheduleSettings {
  id: string;
  /** The service and the ARN that the events name as their source. */
  source: "aws.scheduler" | "aws.events";
  arn: string;
  expression: string;
  schedule: Schedule;
  target: Target;
  /** JSON text; undefined for the service's default event. */
  input: string | undefined;
}

/**
 * The enabled schedules of a stack, whose permissions were checked.
 * @throws MissingGrantError when Scheduler may not assume the role or the role does not allow the target
 */
export function readSchedules(
  stack: Stack,
  context: { functions: Functions; roles: ReadonlyMap<string, Role>; guard: Guard },
): ScheduleSettings[] {
  stack.resources("AWS::Scheduler::ScheduleGroup", groupSchema);
  const schedules = stack.resources("AWS::Scheduler::Schedule", scheduleSchema);
  return schedules
    .filter(({ properties }) => properties.State === "ENABLED")
    .map(({ logicalId, where, properties }) => {
      const { GroupName = "default" } = properties;
      const { Arn, RoleArn, Input, SqsParameters } = properties.Target;
      const target = targetOf(Arn, context.functions, SqsParameters?.MessageGroupId);
      if (target === undefined) throw new UnknownTemplateError(where, `schedule target ${Arn}`);
      const role = context.roles.get(RoleArn);
      if (role === undefined) throw new UnknownTemplateError(where, `role ${RoleArn}`);
      // Scheduler assumes roles with the ARN of the group as the source, never with that of a schedule.
      if (!mayAssume(role, "scheduler.amazonaws.com", localArn("scheduler", `schedule-group/${GroupName}`))) {
        throw new MissingGrantError(logicalId, "sts:AssumeRole", role.arn);
      }
      requireGrants(context.guard, { kind: "role", id: logicalId, role }, [actionOf(target)], target.arn);
      return {
        id: logicalId,
        source: "aws.scheduler" as const,
        arn: stack.attribute(logicalId, "Arn"),
        expression: properties.ScheduleExpression,
        schedule: parseSchedule(where, properties.ScheduleExpression),
        target,
        input: Input,
      };
    });
}
