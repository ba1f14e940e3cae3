import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SQSClient } from "@aws-sdk/client-sqs";

/** How long to wait for a call of AWS. */
export interface Patience {
  /** Number of attempts, the first one included. */
  attempts: number;
  /** Time-out of one attempt, in milliseconds. */
  answerMs: number;
}

/**
 * The SDK has no time-out by default. A connection that broke while the function was frozen must not use up the
 * function's time, so the call is repeated on a new one. The pauses between attempts add up to less than 1 s. API
 * Gateway needs an answer within 29 s.
 */
export const PATIENCE = {
  call: { attempts: 4, answerMs: 5_000 },
  /**
   * For calls that follow a write and whose loss is made up for later. A caller may wait for two of them, one after the
   * other.
   */
  afterwards: { attempts: 3, answerMs: 3_000 },
  /** A part of an export has up to 8 MB. All attempts fit into the 60 s that an export reserves for its last upload. */
  upload: { attempts: 3, answerMs: 15_000 },
} as const satisfies Record<string, Patience>;
const CONNECT_MS = 2_000;

function settingsOf({ attempts, answerMs }: Patience) {
  return {
    maxAttempts: attempts,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: answerMs, throwOnRequestTimeout: true },
  };
}

export function createDynamoClient(patience: Patience = PATIENCE.call): DynamoDBClient {
  return new DynamoDBClient(settingsOf(patience));
}

export function createSqsClient(patience: Patience = PATIENCE.afterwards): SQSClient {
  return new SQSClient(settingsOf(patience));
}

export function createSecretsClient(patience: Patience = PATIENCE.call): SecretsManagerClient {
  return new SecretsManagerClient(settingsOf(patience));
}

export function createLambdaClient(patience: Patience = PATIENCE.call): LambdaClient {
  return new LambdaClient(settingsOf(patience));
}

export function createS3Client(patience: Patience = PATIENCE.upload): S3Client {
  return new S3Client(settingsOf(patience));
}

export function createEventBridgeClient(patience: Patience = PATIENCE.afterwards): EventBridgeClient {
  return new EventBridgeClient(settingsOf(patience));
}
