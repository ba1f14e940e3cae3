import { randomUUID } from "node:crypto";
import * as z from "zod";
import type { Clock } from "../../clock.ts";
import { AwsError } from "../aws-service.ts";
import type { Secret, SecretStore } from "./secret-store.ts";
import type { NewValue } from "./secret-versions.ts";

export const id = z.string().min(1);
export const tags = z.array(z.object({ Key: z.string(), Value: z.string() })).default([]);
export const value = {
  ClientRequestToken: z.string().min(32).max(64).optional(),
  SecretString: z.string().max(65_536).optional(),
  SecretBinary: z.string().optional(),
};

export type Answer = Record<string, unknown>;
export interface SecretContext {
  store: SecretStore;
  now: Clock;
}
export type Operation = (context: SecretContext, input: unknown) => Answer;

/** Parses an operation's input. Fields that the stand-in does not know are refused, not ignored. */
export function operation<Schema extends z.ZodType>(
  schema: Schema,
  run: (context: SecretContext, input: z.output<Schema>) => Answer,
): Operation {
  return (context, input) => {
    const parsed = schema.safeParse(input);
    if (parsed.success) return run(context, parsed.data);
    const issue = parsed.error.issues[0];
    throw new AwsError("ValidationException", `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
  };
}

export function newValue(input: {
  ClientRequestToken?: string | undefined;
  SecretString?: string | undefined;
  SecretBinary?: string | undefined;
}): NewValue {
  return {
    token: input.ClientRequestToken ?? randomUUID(),
    text: input.SecretString,
    binary: input.SecretBinary,
  };
}

export const seconds = (milliseconds: number): number => milliseconds / 1000;

export function refuseDeleted(secret: Secret): Secret {
  if (secret.deletedAt === undefined) return secret;
  throw new AwsError(
    "InvalidRequestException",
    "You can't perform this operation on the secret because it was marked for deletion.",
  );
}

export const versioned = (secret: Secret, token?: string): Answer => ({
  ARN: secret.arn,
  Name: secret.name,
  ...(token !== undefined && { VersionId: token }),
});
