import * as z from "zod";
import { localArn } from "../region.ts";
import type { Stack } from "../template/stack.ts";
import { jsonSchema } from "../template/template.ts";
import { parsePolicy, type Statement } from "./policy.ts";

export const queuePolicySchema = z.strictObject({ Queues: z.array(z.string()), PolicyDocument: jsonSchema });
export const bucketPolicySchema = z.strictObject({ Bucket: z.string(), PolicyDocument: jsonSchema });
export const busPolicySchema = z.strictObject({
  EventBusName: z.string().default("default"),
  StatementId: z.string(),
  Statement: z.record(z.string(), jsonSchema),
});
export const permissionSchema = z.strictObject({
  Action: z.string(),
  FunctionName: z.string(),
  Principal: z.string(),
  SourceArn: z.string().optional(),
  SourceAccount: z.string().optional(),
});

const queueArn = (url: string): string => localArn("sqs", url.split("/").at(-1) ?? url);
const functionArn = (name: string): string =>
  name.startsWith("arn:") ? name : localArn("lambda", `function:${name}`);

/** Converts a permission on a function to a statement of the function's policy. */
function permissionStatement(permission: z.infer<typeof permissionSchema>): Record<string, string | object> {
  const { SourceArn, SourceAccount } = permission;
  return {
    Effect: "Allow",
    Action: permission.Action,
    Resource: functionArn(permission.FunctionName),
    Principal: {
      [permission.Principal.includes(".amazonaws.com") ? "Service" : "AWS"]: permission.Principal,
    },
    Condition: {
      ...(SourceArn !== undefined && { ArnLike: { "AWS:SourceArn": SourceArn } }),
      ...(SourceAccount !== undefined && { StringEquals: { "AWS:SourceAccount": SourceAccount } }),
    },
  };
}

/** The resource-based policies of the template, by the ARN of the resource. */
export function readResourcePolicies(stack: Stack): Map<string, Statement[]> {
  const policies = new Map<string, Statement[]>();
  const add = (arn: string, statements: readonly Statement[]): void => {
    policies.set(arn, [...(policies.get(arn) ?? []), ...statements]);
  };
  for (const { where, properties } of stack.resources("AWS::SQS::QueuePolicy", queuePolicySchema)) {
    for (const url of properties.Queues) add(queueArn(url), parsePolicy(where, properties.PolicyDocument));
  }
  for (const { where, properties } of stack.resources("AWS::S3::BucketPolicy", bucketPolicySchema)) {
    add(`arn:aws:s3:::${properties.Bucket}`, parsePolicy(where, properties.PolicyDocument));
  }
  for (const { where, properties } of stack.resources("AWS::Events::EventBusPolicy", busPolicySchema)) {
    const arn = localArn("events", `event-bus/${properties.EventBusName}`);
    add(arn, parsePolicy(where, { Statement: properties.Statement }));
  }
  for (const { where, properties } of stack.resources("AWS::Lambda::Permission", permissionSchema)) {
    const document = jsonSchema.parse({ Statement: permissionStatement(properties) });
    add(functionArn(properties.FunctionName), parsePolicy(where, document));
  }
  return policies;
}
