import * as z from "zod";
import { MissingGrantError, UnknownTemplateError } from "../../errors.ts";
import type { Functions } from "../../functions/functions.ts";
import type { Guard, Principal, Role } from "../../iam/guard.ts";
import { compilePattern, type EventPattern } from "../../mappings/event-pattern.ts";
import { parseSchedule } from "../../schedules/cron.ts";
import type { ScheduleSettings } from "../../schedules/schedule-settings.ts";
import { actionOf, targetOf, type Target } from "../../schedules/targets.ts";
import type { Stack } from "../../template/stack.ts";
import { jsonSchema, noEffect } from "../../template/template.ts";

export const ruleSchema = z.strictObject({
  Name: z.string().optional(),
  Description: noEffect,
  EventBusName: z.string().default("default"),
  EventPattern: jsonSchema.optional(),
  ScheduleExpression: z.string().optional(),
  State: z.enum(["ENABLED", "DISABLED"]).default("ENABLED"),
  Targets: z
    .array(
      z.strictObject({
        Id: z.string(),
        Arn: z.string(),
        RoleArn: z.string().optional(),
        Input: z.string().optional(),
        SqsParameters: z.strictObject({ MessageGroupId: z.string().optional() }).optional(),
        RetryPolicy: noEffect,
        DeadLetterConfig: noEffect,
      }),
    )
    .default([]),
});

export const busSchema = z.strictObject({
  Name: z.string(),
  Description: noEffect,
  Tags: noEffect,
});

export interface RuleTarget {
  target: Target;
  input: string | undefined;
}

/** A rule of the template that matches events. */
export interface EventRule {
  id: string;
  bus: string;
  wants: EventPattern;
  targets: readonly RuleTarget[];
}

interface Context {
  functions: Functions;
  roles: ReadonlyMap<string, Role>;
  guard: Guard;
}

/** EventBridge may send because of the target's own policy, or by a role that the target names. */
function allowed(
  context: Context,
  rule: { id: string; arn: string },
  target: Target,
  roleArn: string | undefined,
): void {
  if (target.kind === "log") return; // allowed by a resource policy of CloudWatch Logs, which is not checked here
  const role = roleArn === undefined ? undefined : context.roles.get(roleArn);
  const principal: Principal =
    role === undefined
      ? { kind: "service", id: rule.id, service: "events.amazonaws.com", sourceArn: rule.arn }
      : { kind: "role", id: rule.id, role };
  const action = actionOf(target);
  const denial = context.guard.check(principal, { action, resource: target.arn, context: () => undefined });
  if (denial !== null) throw new MissingGrantError(rule.id, action, target.arn);
}

export function readBuses(stack: Stack): Set<string> {
  return new Set(stack.resources("AWS::Events::EventBus", busSchema).map(({ ref }) => ref));
}

/** The rules of a stack: those that match events, and those with a schedule, EventBridge's older form of it. */
export function readRules(
  stack: Stack,
  context: Context,
): { rules: EventRule[]; schedules: ScheduleSettings[] } {
  const rules: EventRule[] = [];
  const schedules: ScheduleSettings[] = [];
  for (const { logicalId, where, properties } of stack.resources("AWS::Events::Rule", ruleSchema)) {
    if (properties.State === "DISABLED") continue;
    const arn = stack.attribute(logicalId, "Arn");
    const targets = properties.Targets.map(({ Arn, Input, RoleArn, SqsParameters }): RuleTarget => {
      const target = targetOf(Arn, context.functions, SqsParameters?.MessageGroupId);
      if (target === undefined) throw new UnknownTemplateError(where, `rule target ${Arn}`);
      allowed(context, { id: logicalId, arn }, target, RoleArn);
      return { target, input: Input };
    });
    if (properties.EventPattern !== undefined) {
      const wants = compilePattern(where, properties.EventPattern);
      rules.push({ id: logicalId, bus: properties.EventBusName, wants, targets });
    }
    const expression = properties.ScheduleExpression;
    if (expression === undefined) continue;
    const schedule = parseSchedule(where, expression);
    schedules.push(
      ...targets.map(({ target, input }, index) => ({
        id: index === 0 ? logicalId : `${logicalId}/${index}`,
        source: "aws.events" as const,
        arn,
        expression,
        schedule,
        target,
        input,
      })),
    );
  }
  return { rules, schedules };
}
