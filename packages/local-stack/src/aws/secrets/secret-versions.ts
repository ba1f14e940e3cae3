import { AwsError } from "../aws-service.ts";
import type { Secret, SecretVersion } from "./secret-store.ts";

/** The new value of a secret in a call. */
export interface NewValue {
  /** Client request token, which becomes the version's id. */
  token: string;
  text: string | undefined;
  binary: string | undefined;
}

const sameValue = (version: SecretVersion, value: NewValue): boolean =>
  version.text === value.text && version.binary === value.binary;

/**
 * Adds a version with its stages, which are removed from other versions. The former `AWSCURRENT` becomes `AWSPREVIOUS`.
 * A repeat with the same token and value changes nothing.
 * @throws AwsError `ResourceExistsException` when the token was used with another value
 */
export function addVersion(secret: Secret, value: NewValue, stages: readonly string[], now: number): Secret {
  const existing = secret.versions.find((version) => version.id === value.token);
  if (existing !== undefined) {
    if (sameValue(existing, value)) return secret;
    throw new AwsError(
      "ResourceExistsException",
      `The operation failed because the secret already has a version ${value.token} with another value.`,
    );
  }
  const others = secret.versions
    .map((version) => ({ ...version, stages: movedStages(version.stages, stages) }))
    .filter((version) => version.stages.length > 0);
  const added: SecretVersion = {
    id: value.token,
    ...(value.text !== undefined && { text: value.text }),
    ...(value.binary !== undefined && { binary: value.binary }),
    stages: [...stages],
    createdAt: now,
  };
  return { ...secret, changedAt: now, versions: [...others, added] };
}

function movedStages(own: readonly string[], taken: readonly string[]): string[] {
  const kept = own.filter((stage) => !taken.includes(stage));
  if (!taken.includes("AWSCURRENT")) return kept;
  if (own.includes("AWSCURRENT")) return [...kept.filter((stage) => stage !== "AWSPREVIOUS"), "AWSPREVIOUS"];
  return kept.filter((stage) => stage !== "AWSPREVIOUS");
}

/** @throws AwsError `ResourceNotFoundException` when no version has the requested id and stage */
export function findVersion(
  secret: Secret,
  wanted: { id: string | undefined; stage: string | undefined },
): SecretVersion {
  const stage = wanted.stage ?? (wanted.id === undefined ? "AWSCURRENT" : undefined);
  const found = secret.versions.find(
    (version) =>
      (wanted.id === undefined || version.id === wanted.id) &&
      (stage === undefined || version.stages.includes(stage)),
  );
  if (found !== undefined) return found;
  throw new AwsError(
    "ResourceNotFoundException",
    `Secrets Manager can't find the specified secret value for ${stage === undefined ? "VersionId" : "staging label"}: ${stage ?? wanted.id ?? ""}`,
  );
}
