import type { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import { AwsError } from "../aws-service.ts";
import { textColumn } from "../../runtime/state.ts";

const versionSchema = z.object({
  id: z.string(),
  text: z.string().optional(),
  binary: z.string().optional(),
  stages: z.array(z.string()),
  createdAt: z.number(),
});

const secretSchema = z.object({
  name: z.string(),
  arn: z.string(),
  description: z.string().optional(),
  kmsKeyId: z.string().optional(),
  tags: z.array(z.object({ Key: z.string(), Value: z.string() })),
  createdAt: z.number(),
  changedAt: z.number(),
  /** Set during the recovery window: when the deletion was requested, and when it takes effect. */
  deletedAt: z.number().optional(),
  goneAt: z.number().optional(),
  versions: z.array(versionSchema),
});

export type SecretVersion = z.infer<typeof versionSchema>;
/** A secret with its versions. Times are in milliseconds. */
export type Secret = z.infer<typeof secretSchema>;

export interface SecretStore {
  /** Finds a secret by name or ARN, with or without the ARN's random suffix. */
  find(secretId: string): Secret | undefined;
  /** @throws AwsError `ResourceNotFoundException` */
  get(secretId: string): Secret;
  save(secret: Secret): void;
  remove(name: string): void;
  all(): Secret[];
}

const ARN_NAME = /:secret:(.+?)(-[A-Za-z0-9]{6})?$/;

/** Stores each secret as a row of JSON, which is fast enough because a stack has few of them. */
export function openSecretStore(database: DatabaseSync, now: () => number): SecretStore {
  const select = database.prepare("SELECT document FROM secrets WHERE name = ?");
  const selectAll = database.prepare("SELECT document FROM secrets ORDER BY name");
  const upsert = database.prepare(
    "INSERT INTO secrets VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET document = excluded.document",
  );
  const drop = database.prepare("DELETE FROM secrets WHERE name = ?");

  const parse = (row: Record<string, unknown> | undefined): Secret | undefined => {
    const text = textColumn(row, "document");
    if (text === undefined) return undefined;
    const secret = secretSchema.parse(JSON.parse(text));
    if (secret.goneAt === undefined || secret.goneAt > now()) return secret;
    drop.run(secret.name);
    return undefined;
  };
  const find = (secretId: string): Secret | undefined => {
    if (!secretId.startsWith("arn:")) return parse(select.get(secretId));
    const name = ARN_NAME.exec(secretId)?.[1];
    const secret = name === undefined ? undefined : parse(select.get(name));
    if (secret !== undefined) return secret;
    // A secret's own name may end in what looks like a suffix.
    const whole = secretId.split(":secret:")[1];
    return whole === undefined ? undefined : parse(select.get(whole));
  };
  return {
    find,
    get: (secretId) => {
      const secret = find(secretId);
      if (secret !== undefined) return secret;
      throw new AwsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
    },
    save: (secret) => void upsert.run(secret.name, JSON.stringify(secret)),
    remove: (name) => void drop.run(name),
    all: () =>
      selectAll
        .all()
        .map(parse)
        .filter((secret) => secret !== undefined),
  };
}
