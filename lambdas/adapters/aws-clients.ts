import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SQSClient } from "@aws-sdk/client-sqs";

/** How long a call of AWS is waited for. */
export interface Patience {
  /** In all. */
  attempts: number;
  /** From the first byte of one attempt to its answer. */
  answerMs: number;
}

/**
 * The SDK alone waits for ever. A socket that died while the function was frozen must not eat its time, so it tries again on a fresh
 * one; its pauses come to less than 1 s. API Gateway wants an answer within 29 s.
 */
export const PATIENCE = {
  call: { attempts: 4, answerMs: 5_000 },
  /** For what follows a write and is made up for when it is lost: a caller may wait for two of these, one after the other. */
  afterwards: { attempts: 3, answerMs: 3_000 },
  /** An export's part has up to 8 MB. All attempts fit into the 60 s that an export keeps free for its last one. */
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
