import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  CancelMessageMoveTaskCommand,
  GetQueueAttributesCommand,
  type QueueAttributeName,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type LocalTrailcast, startLocalTrailcast } from "../../local/local-trailcast.ts";
import { synthesise } from "../../local/synthesise.ts";
import type { Template } from "@trailcast/local-stack";

const LAUNCHER = join(import.meta.dirname, "..", "..", "cli", "trailcast.js");
/** The queue's own maximum: one more receive moves a message to the dead-letter queue. */
const MAX_RECEIVES = 3;

let dir: string;
let runtime: LocalTrailcast;
let sqs: SQSClient;
let proxy: Server;

/** Purge tasks stay in their queues, because the event source mappings do not poll. */
function withoutPurge(template: Template): Template {
  const resources = Object.entries(template.Resources).map(([id, resource]) => [
    id,
    resource.Type === "AWS::Lambda::EventSourceMapping" && id.includes("Retention")
      ? { ...resource, Properties: { ...resource.Properties, Enabled: false } }
      : resource,
  ]);
  return { ...template, Resources: Object.fromEntries(resources) as Template["Resources"] };
}

/** A client whose policy lacks an action. */
async function startProxy(target: string, denied: string): Promise<Server> {
  const server = createServer((incoming, answer) => {
    if (incoming.headers["x-amz-target"] === denied) {
      answer.writeHead(400, { "content-type": "application/x-amz-json-1.0" });
      answer.end(JSON.stringify({ __type: "com.amazonaws.sqs#AccessDeniedException", message: denied }));
      return;
    }
    const { method, headers, url = "/" } = incoming;
    const outgoing = request(new URL(url, target), { method: method ?? "GET", headers }, (response) => {
      answer.writeHead(response.statusCode ?? 500, response.headers);
      response.pipe(answer);
    });
    incoming.pipe(outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "trailcast-redrive-"));
  runtime = await startLocalTrailcast({ ...(await synthesise()), dir, editTemplate: withoutPurge });
  const credentials = { accessKeyId: "LOCALADMIN", secretAccessKey: "any" };
  sqs = new SQSClient({ endpoint: runtime.awsEndpointUrl, region: "us-east-1", credentials });
  proxy = await startProxy(runtime.awsEndpointUrl, "AmazonSQS.ListMessageMoveTasks");
  await writeFile(join(dir, "outputs.json"), JSON.stringify({ Trailcast: runtime.outputs }));
}, 120_000);
afterAll(async () => {
  sqs?.destroy();
  proxy?.close();
  await runtime?.stop();
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
});

async function redrive(endpoint: string): Promise<{ code: number; stdout: string }> {
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "LOCALADMIN",
    AWS_SECRET_ACCESS_KEY: "any",
  };
  const args = [LAUNCHER, "redrive", "--outputs", join(dir, "outputs.json")];
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, args, { env })) };
  } catch (error) {
    return error as { code: number; stdout: string };
  }
}

async function attributeOf(output: string, name: QueueAttributeName): Promise<string> {
  const ask = new GetQueueAttributesCommand({ QueueUrl: runtime.outputs[output], AttributeNames: [name] });
  return (await sqs.send(ask)).Attributes?.[name] ?? "";
}

const arnOf = (output: string): Promise<string> => attributeOf(output, "QueueArn");
const countIn = async (output: string): Promise<number> =>
  Number(await attributeOf(output, "ApproximateNumberOfMessages"));
const proxyUrl = (): string => `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;

/** Sends a task to a queue and receives it until it moves to the dead-letter queue. */
async function bury(output: string): Promise<void> {
  const QueueUrl = runtime.outputs[output];
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify({ workspace: output }) }));
  for (let receive = 0; receive <= MAX_RECEIVES; receive++) {
    await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }));
  }
  expect(await countIn(output)).toBe(0);
}

describe("a redrive of purge tasks", () => {
  it("returns each to its source queue, those of a PUT before the daily ones", async () => {
    await bury("UrgentPurgeQueueUrl");
    await bury("PurgeQueueUrl");
    expect(await countIn("PurgeDeadQueueUrl")).toBe(2);

    const { code, stdout } = await redrive(runtime.awsEndpointUrl);

    expect(stdout).toMatch(/^purge tasks: moving back about 2 messages$/m);
    expect(code).toBe(0);
    await vi.waitFor(async () => expect(await countIn("PurgeDeadQueueUrl")).toBe(0), 10_000);
    expect(await countIn("UrgentPurgeQueueUrl")).toBe(1);
    expect(await countIn("PurgeQueueUrl")).toBe(1);
  }, 60_000);

  it("works without the permission to list moves, and says what is unknown", async () => {
    await bury("UrgentPurgeQueueUrl");

    const { code, stdout } = await redrive(proxyUrl());

    expect(stdout).toMatch(/^purge tasks: moving back about \d messages$/m);
    expect(stdout).toMatch(/^quarantine: 0 journalled/m);
    expect(stdout).toMatch(
      /^purge tasks: the state of the move is unknown: the credentials lack sqs:ListMessageMoveTasks$/m,
    );
    expect(code).toBe(0);
  }, 60_000);

  it("does not report success when a move is refused and an earlier one cannot be seen", async () => {
    await vi.waitFor(async () => expect(await countIn("PurgeDeadQueueUrl")).toBe(0), 10_000);
    const QueueUrl = runtime.outputs["PurgeDeadQueueUrl"];
    for (let index = 0; index < 60; index++) {
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify({ workspace: "ws" }) }));
    }
    const { TaskHandle } = await sqs.send(
      new StartMessageMoveTaskCommand({
        SourceArn: await arnOf("PurgeDeadQueueUrl"),
        DestinationArn: await arnOf("PurgeQueueUrl"),
        MaxNumberOfMessagesPerSecond: 1,
      }),
    );

    const { code, stdout } = await redrive(proxyUrl());

    await sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle }));
    expect(stdout).toMatch(/^purge tasks: not moved \(.+\); the state of an earlier move is unknown: /m);
    expect(stdout).toMatch(/^quarantine: 0 journalled/m);
    expect(code).toBe(1);
  }, 60_000);
});
