import * as z from "zod";
import type { DynamoDbService, SqsService } from "../aws/services.ts";
import type { Stack } from "./stack.ts";
import { noEffect } from "./template.ts";

const tableSchema = z.looseObject({
  KeySchema: z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(["HASH", "RANGE"]) })),
});
const queueSchema = z.looseObject({ VisibilityTimeout: z.coerce.number().default(30) });

export const bucketSchema = z.strictObject({
  BucketName: z.string().optional(),
  LifecycleConfiguration: z
    .strictObject({
      Rules: z.array(
        z.strictObject({
          Id: z.string().optional(),
          Status: z.enum(["Enabled", "Disabled"]),
          ExpirationInDays: z.coerce.number().optional(),
          AbortIncompleteMultipartUpload: noEffect,
        }),
      ),
    })
    .optional(),
  // Have no effect: access is decided by policies, and encryption and ownership change nothing on a single machine.
  BucketEncryption: noEffect,
  OwnershipControls: noEffect,
  PublicAccessBlockConfiguration: noEffect,
  Tags: noEffect,
});

const DAY_MS = 86_400_000;

/** Creates the tables. Returns stream ARNs by logical id and partition keys by table name. */
export function createTables(
  stack: Stack,
  dynamodb: DynamoDbService,
  streams: Map<string, string>,
): ReadonlyMap<string, string> {
  const partitionKeys = new Map<string, string>();
  for (const { logicalId, ref, properties } of stack.resources("AWS::DynamoDB::Table", tableSchema)) {
    const { streamArn } = dynamodb.createTable({ ...properties, TableName: ref });
    if (streamArn !== null) streams.set(logicalId, streamArn);
    const key = properties.KeySchema.find((part) => part.KeyType === "HASH");
    if (key !== undefined) partitionKeys.set(ref, key.AttributeName);
  }
  return partitionKeys;
}

/** Creates the queues. Returns their visibility time-outs in seconds by ARN. */
export function createQueues(stack: Stack, sqs: SqsService): ReadonlyMap<string, number> {
  const visibility = new Map<string, number>();
  for (const { logicalId, properties } of stack.resources("AWS::SQS::Queue", queueSchema)) {
    const { queueArn } = sqs.createQueue({
      ...properties,
      QueueName: stack.attribute(logicalId, "QueueName"),
    });
    visibility.set(queueArn, properties.VisibilityTimeout);
  }
  sqs.checkRedrivePolicies();
  return visibility;
}

/** Buckets by name, with the milliseconds for which they keep an object. */
export function readBuckets(stack: Stack): ReadonlyMap<string, number> {
  return new Map(
    stack.resources("AWS::S3::Bucket", bucketSchema).map(({ ref, properties }) => {
      const rules = properties.LifecycleConfiguration?.Rules ?? [];
      const days = rules
        .filter((rule) => rule.Status === "Enabled")
        .map((rule) => rule.ExpirationInDays ?? Infinity);
      return [ref, Math.min(Infinity, ...days) * DAY_MS] as const;
    }),
  );
}
