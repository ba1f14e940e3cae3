import * as z from "zod";
import { UnknownTemplateError } from "../errors.ts";
import type { Stack } from "../template/stack.ts";
import { jsonSchema, type Json, noEffect } from "../template/template.ts";
import { globalArn } from "../region.ts";
import type { Role } from "./guard.ts";
import { parsePolicy, type Statement } from "./policy.ts";

const inlinePolicySchema = z.strictObject({ PolicyName: z.string(), PolicyDocument: jsonSchema });

export const roleSchema = z.strictObject({
  AssumeRolePolicyDocument: jsonSchema,
  Policies: z.array(inlinePolicySchema).default([]),
  ManagedPolicyArns: z.array(z.string()).default([]),
  RoleName: z.string().optional(),
  Description: noEffect,
  Path: z.literal("/").optional(),
  MaxSessionDuration: noEffect,
  Tags: noEffect,
});

export const policySchema = z.strictObject({
  PolicyName: z.string(),
  PolicyDocument: jsonSchema,
  Roles: z.array(z.string()),
});

export const managedPolicySchema = z.strictObject({
  ManagedPolicyName: z.string().optional(),
  Description: noEffect,
  Path: z.literal("/").optional(),
  PolicyDocument: jsonSchema,
  Roles: z.array(z.string()).default([]),
});

const logging = (resources: string): Json => ({
  Statement: {
    Effect: "Allow",
    Action: ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
    Resource: resources,
  },
});

/** The AWS managed policies that a role may name, reduced to the permissions that matter here. */
const AWS_POLICIES: Readonly<Record<string, Json>> = {
  "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole": logging("*"),
};

function statementsOf(
  role: {
    where: string;
    policies: readonly z.infer<typeof inlinePolicySchema>[];
    managed: readonly string[];
  },
  managedPolicies: ReadonlyMap<string, readonly Statement[]>,
): Statement[] {
  const inline = role.policies.flatMap((policy) =>
    parsePolicy(`${role.where}, policy ${policy.PolicyName}`, policy.PolicyDocument),
  );
  const managed = role.managed.flatMap((arn) => {
    const ofAws = AWS_POLICIES[arn];
    const statements = ofAws === undefined ? managedPolicies.get(arn) : parsePolicy(arn, ofAws);
    if (statements === undefined) throw new UnknownTemplateError(role.where, `managed policy ${arn}`);
    return statements;
  });
  return [...inline, ...managed];
}

/** The roles of a stack by ARN, each with all statements that apply to it. */
export function readRoles(stack: Stack): Map<string, Role> {
  const attached = new Map<string, Statement[]>();
  const attach = (roles: readonly string[], statements: readonly Statement[]): void => {
    for (const name of roles) attached.set(name, [...(attached.get(name) ?? []), ...statements]);
  };
  for (const { where, properties } of stack.resources("AWS::IAM::Policy", policySchema)) {
    attach(properties.Roles, parsePolicy(where, properties.PolicyDocument));
  }
  const managedPolicies = new Map<string, readonly Statement[]>();
  for (const { where, ref, properties } of stack.resources("AWS::IAM::ManagedPolicy", managedPolicySchema)) {
    const statements = parsePolicy(where, properties.PolicyDocument);
    managedPolicies.set(ref, statements);
    attach(properties.Roles, statements);
  }
  const roles = stack
    .resources("AWS::IAM::Role", roleSchema)
    .map(({ logicalId, where, ref, properties }): Role => {
      const own = statementsOf(
        { where, policies: properties.Policies, managed: properties.ManagedPolicyArns },
        managedPolicies,
      );
      return {
        logicalId,
        name: ref,
        arn: globalArn("iam", `role/${ref}`),
        trust: parsePolicy(where, properties.AssumeRolePolicyDocument),
        statements: [...own, ...(attached.get(ref) ?? [])],
      };
    });
  return new Map(roles.map((role) => [role.arn, role]));
}
