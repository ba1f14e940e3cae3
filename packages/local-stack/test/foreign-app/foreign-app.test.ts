import { join } from "node:path";
import { DynamoDBClient, GetItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ADMIN_KEY, LOCAL_REGION } from "../../src/access.ts";
import { startRuntime, type Runtime, type RuntimeProblem } from "../../src/index.ts";
import { temporaryFolder } from "../fixtures/fixture-stack.ts";
import { synthesiseShop } from "./shop-app.ts";

const HANDLERS = join(import.meta.dirname, "handlers");
const HOUR_MS = 3_600_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let cdkOut: string;
let runtime: Runtime;
let dynamo: DynamoDBClient;
let sqs: SQSClient;
const problems: RuntimeProblem[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  cdkOut = synthesiseShop(join(folder.path, "cdk.out"), HANDLERS);
  await start(1);
});

afterAll(async () => {
  await stop();
  await folder.remove();
});

async function start(timeScale: number): Promise<void> {
  runtime = await startRuntime({
    cdkOut,
    dir: join(folder.path, "data"),
    timeScale,
    onProblem: (problem) => problems.push(problem),
  });
  const client = {
    endpoint: runtime.awsEndpointUrl,
    region: LOCAL_REGION,
    credentials: { accessKeyId: ADMIN_KEY, secretAccessKey: "any" },
  };
  dynamo = new DynamoDBClient(client);
  sqs = new SQSClient(client);
}

async function stop(): Promise<void> {
  dynamo.destroy();
  sqs.destroy();
  await runtime.stop();
}

/** The name or URL of a resource in the stack. */
function nameOf(type: string, prefix: string): string {
  const [logicalId = ""] = runtime.find(type, prefix);
  return runtime.resources[logicalId] ?? "";
}

async function ask(method: string, path: string, body?: object): Promise<[number, unknown]> {
  const answer = await fetch(`${runtime.outputs["Url"]}${path}`, {
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    }),
  });
  return [answer.status, await answer.json()];
}

async function receive(queueUrl: string): Promise<string[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
  );
  return Messages.map(({ Body = "" }) => Body);
}

describe("a CDK app that is not Trailcast", () => {
  it("answers over its HTTP API, which needs no token", async () => {
    expect(await ask("POST", "/orders", { id: "o1", customer: "ada" })).toEqual([
      201,
      { id: "o1", customer: "ada", state: "new" },
    ]);
    expect(await ask("POST", "/orders", { id: "o1", customer: "ada" })).toEqual([
      409,
      { message: "there is an order of this id" },
    ]);
    expect(await ask("GET", "/orders/none")).toEqual([404, { message: "no such order" }]);
    expect(await ask("GET", "/elsewhere")).toEqual([404, { message: "Not Found" }]);
    const preflight = await fetch(`${runtime.apiUrl}/orders`, {
      method: "OPTIONS",
      headers: { origin: "https://shop.example.com", "access-control-request-method": "POST" },
    });
    expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([204, "*"]);
  });

  it("moves an order through the stream, a standard queue and its functions into the index", async () => {
    await vi.waitFor(async () => {
      expect(await ask("GET", "/orders/o1")).toMatchObject([200, { state: "packed" }]);
    });
    expect(await ask("GET", "/customers/ada/orders")).toEqual([
      200,
      [{ id: "o1", customer: "ada", state: "packed" }],
    ]);
    expect(problems).toEqual([]);
  });

  it("accepts messages of an SDK client, and gives up those that a function keeps refusing", async () => {
    const QueueUrl = nameOf("AWS::SQS::Queue", "Packing");
    await ask("POST", "/orders", { id: "o2", customer: "bo" });
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify({ id: "broken-1" }) }));
    const unpackable = nameOf("AWS::SQS::Queue", "Unpackable");
    await vi.waitFor(async () => expect(await receive(unpackable)).toEqual(['{"id":"broken-1"}']));
    const { Item } = await dynamo.send(
      new GetItemCommand({ TableName: nameOf("AWS::DynamoDB::Table", "Orders"), Key: { id: { S: "o2" } } }),
    );
    expect(Item).toMatchObject({ state: { S: "packed" } });
  });

  it("keeps everything over a restart, and fires both kinds of schedule for each kind of target by the faster clock", async () => {
    await stop();
    await start((24 * HOUR_MS) / 2000);
    const TableName = nameOf("AWS::DynamoDB::Table", "Orders");
    await vi.waitFor(async () => {
      const { Items = [] } = await dynamo.send(new ScanCommand({ TableName }));
      const byId = new Map(Items.map((item) => [item["id"]?.S, item["packed"]?.N ?? item["state"]?.S]));
      expect(Object.fromEntries(byId)).toEqual({
        o1: "packed",
        o2: "packed",
        "closing-aws.events": "2",
        "closing-aws.scheduler": "2",
      });
    });
    const [closing = "{}"] = await receive(nameOf("AWS::SQS::Queue", "Closings"));
    expect(JSON.parse(closing)).toMatchObject({
      "detail-type": "Scheduled Event",
      source: "aws.events",
      resources: [expect.stringMatching(/^arn:aws:events:us-east-1:000000000000:rule\/Shop-Hourly/)],
      detail: {},
    });
    expect(runtime.denials).toEqual([]);
    expect(problems).toEqual([]);
  });
});
