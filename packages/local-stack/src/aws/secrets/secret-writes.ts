import { randomBytes } from "node:crypto";
import * as z from "zod";
import { localArn } from "../../region.ts";
import { AwsError } from "../aws-service.ts";
import {
  id,
  newValue,
  operation,
  refuseDeleted,
  seconds,
  tags,
  value,
  versioned,
} from "./secret-operation.ts";
import type { Secret } from "./secret-store.ts";
import { addVersion } from "./secret-versions.ts";

const DAY_MS = 86_400_000;

export const createSecret = operation(
  z.strictObject({
    ...value,
    Name: id.max(512),
    Description: z.string().optional(),
    KmsKeyId: z.string().optional(),
    Tags: tags,
  }),
  ({ store, now }, input) => {
    const added = newValue(input);
    const existing = store.find(input.Name);
    if (existing?.deletedAt !== undefined) {
      throw new AwsError(
        "InvalidRequestException",
        "You can't create this secret because a secret with this name is already scheduled for deletion.",
      );
    }
    if (existing !== undefined) {
      // A repeat of the request that created the secret succeeds. For any other request the name is taken.
      const isRepeat = existing.versions.some((version) => version.id === added.token);
      if (isRepeat && addVersion(existing, added, ["AWSCURRENT"], now()) === existing) {
        return versioned(existing, added.token);
      }
      throw new AwsError(
        "ResourceExistsException",
        `The operation failed because the secret ${input.Name} already exists.`,
      );
    }
    const suffix = randomBytes(3).toString("hex");
    const empty: Secret = {
      name: input.Name,
      arn: localArn("secretsmanager", `secret:${input.Name}-${suffix}`),
      ...(input.Description !== undefined && { description: input.Description }),
      ...(input.KmsKeyId !== undefined && { kmsKeyId: input.KmsKeyId }),
      tags: input.Tags,
      createdAt: now(),
      changedAt: now(),
      versions: [],
    };
    const hasValue = added.text !== undefined || added.binary !== undefined;
    const secret = hasValue ? addVersion(empty, added, ["AWSCURRENT"], now()) : empty;
    store.save(secret);
    return versioned(secret, hasValue ? added.token : undefined);
  },
);

export const putSecretValue = operation(
  z.strictObject({
    ...value,
    SecretId: id,
    VersionStages: z.array(z.string()).min(1).default(["AWSCURRENT"]),
  }),
  ({ store, now }, input) => {
    const added = newValue(input);
    const secret = addVersion(refuseDeleted(store.get(input.SecretId)), added, input.VersionStages, now());
    store.save(secret);
    return { ...versioned(secret, added.token), VersionStages: input.VersionStages };
  },
);

export const updateSecret = operation(
  z.strictObject({
    ...value,
    SecretId: id,
    Description: z.string().optional(),
    KmsKeyId: z.string().optional(),
  }),
  ({ store, now }, input) => {
    const secret = refuseDeleted(store.get(input.SecretId));
    const added = newValue(input);
    const hasValue = added.text !== undefined || added.binary !== undefined;
    const changed = {
      ...(hasValue ? addVersion(secret, added, ["AWSCURRENT"], now()) : secret),
      ...(input.Description !== undefined && { description: input.Description }),
      ...(input.KmsKeyId !== undefined && { kmsKeyId: input.KmsKeyId }),
    };
    store.save(changed);
    return versioned(changed, hasValue ? added.token : undefined);
  },
);

export const removeSecret = operation(
  z.strictObject({
    SecretId: id,
    RecoveryWindowInDays: z.number().int().min(7).max(30).optional(),
    ForceDeleteWithoutRecovery: z.boolean().default(false),
  }),
  ({ store, now }, input) => {
    if (input.ForceDeleteWithoutRecovery) {
      if (input.RecoveryWindowInDays !== undefined) {
        throw new AwsError("InvalidParameterException", "A forced deletion has no recovery window.");
      }
      const gone = store.find(input.SecretId);
      if (gone !== undefined) store.remove(gone.name);
      const name = gone?.name ?? input.SecretId;
      return {
        ARN: gone?.arn ?? localArn("secretsmanager", `secret:${name}`),
        Name: name,
        DeletionDate: seconds(now()),
      };
    }
    const secret = refuseDeleted(store.get(input.SecretId));
    const goneAt = now() + (input.RecoveryWindowInDays ?? 30) * DAY_MS;
    store.save({ ...secret, deletedAt: now(), goneAt });
    return { ...versioned(secret), DeletionDate: seconds(goneAt) };
  },
);

export const restoreSecret = operation(z.strictObject({ SecretId: id }), ({ store }, input) => {
  const { deletedAt: _deletedAt, goneAt: _goneAt, ...secret } = store.get(input.SecretId);
  store.save(secret);
  return versioned(secret);
});

export const tagSecret = operation(z.strictObject({ SecretId: id, Tags: tags }), ({ store }, input) => {
  const secret = refuseDeleted(store.get(input.SecretId));
  const added = new Set(input.Tags.map(({ Key }) => Key));
  store.save({ ...secret, tags: [...secret.tags.filter(({ Key }) => !added.has(Key)), ...input.Tags] });
  return {};
});

export const untagSecret = operation(
  z.strictObject({ SecretId: id, TagKeys: z.array(z.string()) }),
  ({ store }, input) => {
    const secret = refuseDeleted(store.get(input.SecretId));
    store.save({ ...secret, tags: secret.tags.filter(({ Key }) => !input.TagKeys.includes(Key)) });
    return {};
  },
);
