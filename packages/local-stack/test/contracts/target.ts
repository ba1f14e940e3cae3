import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { it } from "vitest";
import {
  createDynamoDb,
  createSqs,
  openDatabase,
  startHttpEndpoint,
  type DynamoDbService,
  type HttpEndpoint,
  type SqsService,
} from "../../src/aws/services.ts";

/** What a contract suite runs against: the local stand-ins, or `moto` in server mode as a second opinion. */
export interface Target {
  kind: "ours" | "moto";
  /** Available once the suite's hooks have run. */
  url: () => string;
}

export const REGION = "eu-central-1";
export const ACCOUNT_ID = "123456789012";

const credentials = { accessKeyId: "LOCALADMIN", secretAccessKey: "any" };

export function dynamoClient(url: string): DynamoDBClient {
  return new DynamoDBClient({ endpoint: url, region: REGION, credentials, maxAttempts: 1 });
}

export function sqsClient(url: string): SQSClient {
  return new SQSClient({ endpoint: url, region: REGION, credentials, maxAttempts: 1 });
}

export interface Stack {
  endpoint: HttpEndpoint;
  dynamoDb: DynamoDbService;
  sqs: SqsService;
  dir: string;
  close(): Promise<void>;
}

/** The local stand-ins on a new folder (or `dir`), behind HTTP on loopback. */
export async function startStack(clock: () => number = Date.now, dir?: string): Promise<Stack> {
  const folder = dir ?? (await mkdtemp(join(tmpdir(), "local-stack-aws-")));
  const database = openDatabase(join(folder, "aws.db"));
  const common = { database, clock, region: REGION, accountId: ACCOUNT_ID };
  let url = "";
  const dynamoDb = createDynamoDb(common);
  const sqs = createSqs({ ...common, endpoint: () => url });
  const endpoint = await startHttpEndpoint({
    services: { DynamoDB_20120810: dynamoDb, AmazonSQS: sqs },
  });
  url = endpoint.url;
  const close = async (): Promise<void> => {
    sqs.close();
    await endpoint.close();
    database.close();
    if (dir === undefined) await rm(folder, { recursive: true });
  };
  return { endpoint, dynamoDb, sqs, dir: folder, close };
}

/**
 * A case in which `moto` differs from the AWS documentation, so it runs only against the local stand-ins. `reason` is
 * the sentence of the documentation that these follow.
 */
export function oursOnly(target: Target, name: string, reason: string, run: () => Promise<void>): void {
  const define = target.kind === "moto" ? it.skip : it;
  define(`${name} (“${reason}”)`, run);
}

/** A name that no other test uses. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${Math.random().toString(36).slice(2, 10)}`;
}

/** The error that a call was refused with. */
export async function refusal(call: Promise<unknown>): Promise<{ name: string; message: string }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("the call was not refused");
}
