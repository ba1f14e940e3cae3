import { createHash } from "node:crypto";
import { toTimestamp } from "../base/clock.ts";
import type { DestinationSecret } from "./destination.ts";
import type { RandomBytes } from "../base/random.ts";
import { TrailcastError } from "../base/trailcast-error.ts";

/** A secret has as many versions of the last 24 hours as Secrets Manager keeps (about 100): another one is refused. */
export class SecretVersionsError extends TrailcastError {
  override name = "SecretVersionsError";
  constructor() {
    super("A destination's secret was changed too often in 24 hours");
  }
}

/** The secrets of destinations, each a row of versions of which the destination's own row names the one in force. */
export interface SecretStore {
  /** The same name, version and value again change nothing. */
  createSecret(name: string, version: string, value: DestinationSecret): Promise<void>;
  readSecret(name: string, version: string): Promise<DestinationSecret>;
  /**
   * Writes another version beside `from`, which stays readable: it is in force until the row names the new one.
   * Throws `SecretVersionsError` when there were too many lately.
   */
  changeSecret(name: string, from: string, version: string, value: DestinationSecret): Promise<void>;
  /** At once and for good. One that is gone already is fine. */
  deleteSecret(name: string): Promise<void>;
}

/** 32 random bytes as Standard Webhooks writes a secret. */
export function newSigningSecret(random: RandomBytes): string {
  return `whsec_${Buffer.from(random(32)).toString("base64")}`;
}

/** The id of a new version. */
export function newSecretVersion(random: RandomBytes): string {
  return Buffer.from(random(16)).toString("hex");
}

/** Under the deployment's prefix (which ends in a slash); begins with the workspace, so that a person finds it. */
export function secretNameOf(prefix: string, workspace: string, destination: string): string {
  return `${prefix}${workspace}/${destination}`;
}

/** The id of the first version follows from the destination's id: a repeat of the call is the same call. */
export function firstSecretVersion(destination: string): string {
  return createHash("sha256").update(destination).digest("hex").slice(0, 32);
}

/** Signatures take room in a header; who rotates more often than this within the grace drops the oldest. */
const MAX_FORMER = 4;

/**
 * What is held after a rotation at `now` (milliseconds): the secret before signs for `graceSeconds` more, as do those whose grace
 * still lasts. No grace at all drops every former secret: one of them is known to others.
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
