import { createHash } from "node:crypto";
import { toTimestamp } from "../base/clock.ts";
import type { DestinationSecret } from "./destination.ts";
import type { RandomBytes } from "../base/random.ts";
import { TrailcastError } from "../base/trailcast-error.ts";

/** Thrown when a secret has as many versions of the last 24 hours as Secrets Manager keeps (about 100). */
export class SecretVersionsError extends TrailcastError {
  override name = "SecretVersionsError";
  constructor() {
    super("A destination's secret was changed too often in 24 hours");
  }
}

/** Stores the secrets of destinations. Each has versions, and the destination's row names the current one. */
export interface SecretStore {
  /** Idempotent for the same name, version and value. */
  createSecret(name: string, version: string, value: DestinationSecret): Promise<void>;
  readSecret(name: string, version: string): Promise<DestinationSecret>;
  /**
   * Writes another version beside `from`, which stays readable and current until the row names the new one.
   *
   * @throws SecretVersionsError when there were too many versions lately
   */
  changeSecret(name: string, from: string, version: string, value: DestinationSecret): Promise<void>;
  /** Deletes at once and without recovery. Does nothing if the secret is gone. */
  deleteSecret(name: string): Promise<void>;
}

/** Creates a secret of 32 random bytes in the format of Standard Webhooks. */
export function newSigningSecret(random: RandomBytes): string {
  return `whsec_${Buffer.from(random(32)).toString("base64")}`;
}

/** Creates the id of a new version. */
export function newSecretVersion(random: RandomBytes): string {
  return Buffer.from(random(16)).toString("hex");
}

/**
 * Returns the name of a secret: the deployment's prefix (which ends in a slash), then the workspace, so that a person
 * can find it.
 */
export function secretNameOf(prefix: string, workspace: string, destination: string): string {
  return `${prefix}${workspace}/${destination}`;
}

/** Derives the id of the first version from the destination's id, which makes creating the secret idempotent. */
export function firstSecretVersion(destination: string): string {
  return createHash("sha256").update(destination).digest("hex").slice(0, 32);
}

/** Limits the length of the signature header. Further rotations within the grace period drop the oldest secret. */
const MAX_FORMER = 4;

/**
 * Returns the content after a rotation at `now` (milliseconds). The previous secret signs for `graceSeconds` more, as
 * do former ones whose grace period lasts. Zero drops every former secret, for when one of them has leaked.
 */
export function rotated(
  secret: DestinationSecret,
  fresh: string,
  graceSeconds: number,
  now: number,
): DestinationSecret {
  if (graceSeconds === 0) return { ...secret, current: fresh, former: [] };
  const at = toTimestamp(now);
  const validUntil = toTimestamp(now + graceSeconds * 1000);
  const former = [
    { secret: secret.current, validUntil },
    ...secret.former.filter((old) => old.validUntil > at),
  ];
  return { ...secret, current: fresh, former: former.slice(0, MAX_FORMER) };
}
