import { UnknownTemplateError } from "../errors.ts";
import { createGuard, type Guard, type Role } from "../iam/guard.ts";
import { readResourcePolicies } from "../iam/resource-policies.ts";
import { readRoles } from "../iam/roles.ts";
import type { StackContext } from "./context.ts";
import { readStack, type Stack } from "../template/stack.ts";
import { createQueues, createTables, readBuckets } from "../template/storage.ts";

/** The resources of a template that store data. */
export interface Resources {
  stack: Stack;
  /** Name of the partition key by table name. */
  partitionKeys: ReadonlyMap<string, string>;
  /** Visibility time-out in seconds by queue ARN. */
  visibility: ReadonlyMap<string, number>;
  /** Milliseconds for which a bucket keeps an object, by bucket name. */
  buckets: ReadonlyMap<string, number>;
}

/** Tables, queues and buckets of the template: new ones, or those of earlier runs. */
export function createResources(context: StackContext, awsEndpointUrl: string): Resources {
  const { storage, template, stackName } = context;
  const streams = new Map<string, string>();
  const stack = readStack(template, {
    stackName,
    awsEndpointUrl: () => awsEndpointUrl,
    apiUrl: () => context.apiUrl,
    streamArn: (logicalId) => {
      const arn = streams.get(logicalId);
      if (arn === undefined) throw new UnknownTemplateError(logicalId, "the stream of a table without one");
      return arn;
    },
  });
  const partitionKeys = createTables(stack, storage.dynamodb, streams);
  const visibility = createQueues(stack, storage.sqs);
  storage.sqs.releaseInFlight();
  return { stack, partitionKeys, visibility, buckets: readBuckets(stack) };
}

/** Roles and policies of the template. Refused calls are logged and reported. */
export function createPermissions(
  { storage, options }: StackContext,
  stack: Stack,
): { roles: ReadonlyMap<string, Role>; guard: Guard } {
  const guard = createGuard({
    resourcePolicies: readResourcePolicies(stack),
    onDenial: (denial) => {
      storage.logs.write("denials", JSON.stringify(denial));
      options.onProblem?.({ kind: "denied", denial });
    },
  });
  return { roles: readRoles(stack), guard };
}

/** The `Ref` of every resource that has one, by logical id. */
export function referencesOf({ template }: StackContext, stack: Stack): Record<string, string> {
  const references: Record<string, string> = {};
  for (const logicalId of Object.keys(template.Resources)) {
    try {
      references[logicalId] = stack.ref(logicalId);
    } catch {
      // A type without a `Ref` is left out, because its name is not needed.
    }
  }
  return references;
}
