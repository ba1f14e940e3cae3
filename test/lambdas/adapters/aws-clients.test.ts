import { ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { ListSecretsCommand } from "@aws-sdk/client-secrets-manager";
import { ListQueuesCommand } from "@aws-sdk/client-sqs";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  createDynamoClient,
  createEventBridgeClient,
  createLambdaClient,
  createS3Client,
  createSecretsClient,
  createSqsClient,
  PATIENCE,
} from "../../../lambdas/adapters/aws-clients.ts";

/** Accepts connections and never answers. */
const silent = createServer((socket) => {
  sockets.push(socket);
  socket.on("error", () => {});
});
const sockets: Socket[] = [];

beforeAll(async () => {
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  vi.stubEnv("AWS_ENDPOINT_URL", `http://127.0.0.1:${port}`);
  vi.stubEnv("AWS_REGION", "eu-west-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "a");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "b");
});
beforeEach(() => void (sockets.length = 0));
afterAll(() => {
  vi.unstubAllEnvs();
  for (const socket of sockets) socket.destroy();
  silent.close();
});

const SHORT = { attempts: 2, answerMs: 50 };

describe("a client whose service never answers", () => {
  it.each<[string, () => Promise<unknown>]>([
    ["DynamoDB", () => createDynamoClient(SHORT).send(new ListTablesCommand({}))],
    ["SQS", () => createSqsClient(SHORT).send(new ListQueuesCommand({}))],
    ["Secrets Manager", () => createSecretsClient(SHORT).send(new ListSecretsCommand({}))],
    ["Lambda", () => createLambdaClient(SHORT).send(new InvokeCommand({ FunctionName: "f" }))],
    ["S3", () => createS3Client(SHORT).send(new PutObjectCommand({ Bucket: "b", Key: "k", Body: "x" }))],
    ["EventBridge", () => createEventBridgeClient(SHORT).send(new PutEventsCommand({ Entries: [{}] }))],
  ])("for %s gives up after its attempts", async (_, call) => {
    await expect(call()).rejects.toMatchObject({ name: "TimeoutError" });
    expect(sockets).toHaveLength(SHORT.attempts);
  });
});

describe("the default time-outs of a client", () => {
  const waitedMs = ({ attempts, answerMs }: { attempts: number; answerMs: number }): number =>
    attempts * answerMs;

  it.each([
    ["DynamoDB", createDynamoClient, PATIENCE.call],
    ["SQS", createSqsClient, PATIENCE.afterwards],
    ["Secrets Manager", createSecretsClient, PATIENCE.call],
    ["Lambda", createLambdaClient, PATIENCE.call],
    ["S3", createS3Client, PATIENCE.upload],
    ["EventBridge", createEventBridgeClient, PATIENCE.afterwards],
  ])("allow %s the attempts of its kind of call", async (_, create, { attempts }) => {
    expect(await create().config.maxAttempts()).toBe(attempts);
  });

  it("leave API Gateway time for a response, and an export time for its last part", () => {
    expect(waitedMs(PATIENCE.call)).toBeLessThan(28_000);
    expect(2 * waitedMs(PATIENCE.afterwards)).toBeLessThan(28_000);
    expect(waitedMs(PATIENCE.upload)).toBeLessThan(60_000);
  });
});
