import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  LimitExceededException,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { parseJson } from "../core/base/json.ts";
import { type DestinationSecret, destinationSecretSchema } from "../core/destination/destination.ts";
import { type SecretStore, SecretVersionsError } from "../core/destination/secret-store.ts";
import { TrailcastError } from "../core/base/trailcast-error.ts";

/** Thrown when a secret does not have the content that Trailcast wrote: somebody else changed it. */
export class SecretShapeError extends TrailcastError {
  override name = "SecretShapeError";
  constructor() {
    super("A destination's secret does not have the shape of its schema");
  }
}

// Secrets Manager may delete a version without a label. The two labels alternate: the version in force keeps its label
// while another one is written, so that a change that is never completed loses nothing. Only one writer may do this at
// a time, see core/destination/secret-lock.ts.
const LABELS = ["AWSCURRENT", "AWSPENDING"] as const;

function parse(text: string | undefined): DestinationSecret {
  const parsed = destinationSecretSchema.safeParse(parseJson(text ?? ""));
  if (!parsed.success) throw new SecretShapeError();
  return parsed.data;
}

/**
 * The secrets of destinations in Secrets Manager. The id of a version is ours (32 to 64 characters) and makes each
 * write idempotent.
 */
export function createSecretStore(client: SecretsManagerClient): SecretStore {
  const get = (name: string, version: string) =>
    client.send(new GetSecretValueCommand({ SecretId: name, VersionId: version }));
  return {
    async createSecret(name, version, value) {
      await client.send(
        new CreateSecretCommand({
          Name: name,
          ClientRequestToken: version,
          SecretString: JSON.stringify(value),
          Description:
            "Signs deliveries to a destination of Trailcast, and holds its header values and credentials",
        }),
      );
    },
    async readSecret(name, version) {
      return parse((await get(name, version)).SecretString);
    },
    async changeSecret(name, from, version, value) {
      const { VersionStages = [] } = await get(name, from);
      const label = LABELS.find((candidate) => !VersionStages.includes(candidate)) ?? LABELS[0];
      const put = new PutSecretValueCommand({
        SecretId: name,
        ClientRequestToken: version,
        SecretString: JSON.stringify(value),
        VersionStages: [label],
      });
      try {
        await client.send(put);
      } catch (error) {
        if (error instanceof LimitExceededException) throw new SecretVersionsError();
        throw error;
      }
    },
    async deleteSecret(name) {
      try {
        await client.send(new DeleteSecretCommand({ SecretId: name, ForceDeleteWithoutRecovery: true }));
      } catch (error) {
        if (!(error instanceof ResourceNotFoundException)) throw error;
      }
    },
  };
}
