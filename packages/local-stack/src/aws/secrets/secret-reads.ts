import * as z from "zod";
import { id, operation, refuseDeleted, seconds, versioned, type Answer } from "./secret-operation.ts";
import type { Secret } from "./secret-store.ts";
import { findVersion } from "./secret-versions.ts";

const MAX_LISTED = 100;

export const getSecretValue = operation(
  z.strictObject({ SecretId: id, VersionId: z.string().optional(), VersionStage: z.string().optional() }),
  ({ store }, input) => {
    const secret = refuseDeleted(store.get(input.SecretId));
    const version = findVersion(secret, { id: input.VersionId, stage: input.VersionStage });
    return {
      ...versioned(secret, version.id),
      SecretString: version.text,
      SecretBinary: version.binary,
      VersionStages: version.stages,
      CreatedDate: seconds(version.createdAt),
    };
  },
);

function describe(secret: Secret): Answer {
  return {
    ARN: secret.arn,
    Name: secret.name,
    Description: secret.description,
    KmsKeyId: secret.kmsKeyId,
    Tags: secret.tags,
    CreatedDate: seconds(secret.createdAt),
    LastChangedDate: seconds(secret.changedAt),
    ...(secret.deletedAt !== undefined && { DeletedDate: seconds(secret.deletedAt) }),
  };
}

export const describeSecret = operation(z.strictObject({ SecretId: id }), ({ store }, input) => {
  const secret = store.get(input.SecretId);
  const stages = Object.fromEntries(secret.versions.map((version) => [version.id, version.stages]));
  return { ...describe(secret), VersionIdsToStages: stages };
});

const filterSchema = z.strictObject({
  Key: z.enum(["name", "description", "tag-key", "tag-value", "all"]),
  Values: z.array(z.string()),
});

/** A filter matches the beginning of a value; a leading `!` negates it. */
function passes(secret: Secret, filter: z.infer<typeof filterSchema>): boolean {
  const texts: Readonly<Record<string, readonly string[]>> = {
    name: [secret.name],
    description: [secret.description ?? ""],
    "tag-key": secret.tags.map((tag) => tag.Key),
    "tag-value": secret.tags.map((tag) => tag.Value),
  };
  const own = filter.Key === "all" ? Object.values(texts).flat() : (texts[filter.Key] ?? []);
  const begins = (wanted: string): boolean => own.some((text) => text.startsWith(wanted));
  return filter.Values.some((wanted) => (wanted.startsWith("!") ? !begins(wanted.slice(1)) : begins(wanted)));
}

export const listSecrets = operation(
  z.strictObject({
    Filters: z.array(filterSchema).default([]),
    IncludePlannedDeletion: z.boolean().default(false),
    MaxResults: z.number().int().min(1).max(MAX_LISTED).default(MAX_LISTED),
    NextToken: z.string().optional(),
    SortOrder: z.enum(["asc", "desc"]).default("desc"),
    SortBy: z.literal("name").optional(),
  }),
  ({ store }, input) => {
    const found = store
      .all()
      .filter((secret) => input.IncludePlannedDeletion || secret.deletedAt === undefined)
      .filter((secret) => input.Filters.every((filter) => passes(secret, filter)));
    const sorted = input.SortOrder === "asc" ? found : found.toReversed();
    const start = Number(input.NextToken ?? 0);
    const end = start + input.MaxResults;
    return {
      SecretList: sorted.slice(start, end).map((secret) => ({
        ...describe(secret),
        SecretVersionsToStages: Object.fromEntries(
          secret.versions.map((version) => [version.id, version.stages]),
        ),
      })),
      ...(end < sorted.length && { NextToken: String(end) }),
    };
  },
);
