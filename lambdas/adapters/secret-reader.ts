import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { parseJson } from "../core/base/json.ts";
import type { Clock } from "../core/base/clock.ts";
import { type DestinationSecret, destinationSecretSchema } from "../core/destination/destination.ts";
import type { SecretReader } from "../core/destination/destination-store.ts";
import { SecretShapeError } from "./secret-store.ts";

/**
 * How long a version stays in memory. A version never changes, so this only limits how long a deleted one is
 * remembered.
 */
const CACHE_MS = 60_000;
const CACHED_SECRETS_MAX = 1_000;

export function createSecretReader(
  client: SecretsManagerClient,
  clock: Clock,
  cacheMs: number = CACHE_MS,
): SecretReader {
  const cache = new Map<string, { secret: DestinationSecret; until: number }>();
  return {
    async readSecret(secretName, secretVersion) {
      const key = `${secretName}\n${secretVersion}`;
      const cached = cache.get(key);
      if (cached !== undefined && cached.until > clock()) return cached.secret;
      cache.delete(key);
      const secret = await read(client, secretName, secretVersion);
      if (secret === undefined) return undefined;
      const [oldest] = cache.keys();
      if (cache.size >= CACHED_SECRETS_MAX && oldest !== undefined) cache.delete(oldest);
      cache.set(key, { secret, until: clock() + cacheMs });
      return secret;
    },
  };
}

async function read(
  client: SecretsManagerClient,
  secretName: string,
  secretVersion: string,
): Promise<DestinationSecret | undefined> {
  try {
    const { SecretString = "" } = await client.send(
      new GetSecretValueCommand({ SecretId: secretName, VersionId: secretVersion }),
    );
    const parsed = destinationSecretSchema.safeParse(parseJson(SecretString));
    if (!parsed.success) throw new SecretShapeError();
    return parsed.data;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}
