import {
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  DeleteSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createFlowUser, type FlowStack, startFlowStack } from "../helpers/flow-stack.ts";

let stack: FlowStack;
let destination: string;

beforeAll(async () => {
  stack = await startFlowStack();
  const { apiUrl } = stack.runtime;
  const user = await createFlowUser({ apiUrl, dir: stack.dir, receiver: stack.receiver });
  await user.register("ws_1");
  destination = await user.createDestination("ws_1", "/in");
}, 120_000);
afterAll(async () => stack?.stop());

/** A client that the endpoint treats as having a function's role, as if an attacker's code ran in it. */
function as(accessKeyId: string) {
  return {
    endpoint: stack.runtime.awsEndpointUrl,
    region: "us-east-1",
    credentials: { accessKeyId, secretAccessKey: "local" },
    maxAttempts: 1,
  };
}

function roleOf(prefix: string): string {
  const [id = ""] = stack.runtime.find("AWS::Lambda::Function", prefix);
  return `LOCAL${id}`;
}

const table = (name: string): string => stack.runtime.outputs[`${name}Table`] ?? "";

async function readRow(item: string): Promise<Record<string, any>> {
  const Key = marshall({ workspace: "ws_1", item });
  const { Item = {} } = await stack.dynamo.send(new GetItemCommand({ TableName: table("Registry"), Key }));
  return unmarshall(Item);
}

const put = (role: string, row: object, TableName = table("Registry")): Promise<unknown> =>
  new DynamoDBClient(as(role)).send(new PutItemCommand({ TableName, Item: marshall(row) }));
const scan = (role: string, name: string): Promise<unknown> =>
  new DynamoDBClient(as(role)).send(new ScanCommand({ TableName: table(name) }));
const denied = { name: expect.stringMatching(/AccessDenied/) };

describe("an attacker who takes over the delivery function", () => {
  const role = () => roleOf("TrailcastDeliveryFunction");

  it("can move lanes, but cannot change a destination's URL or a workspace's plan", async () => {
    const lane = await readRow(`lane#${destination}#live`);
    await put(role(), { ...lane, version: lane["version"] + 1 });
    const row = await readRow(`destination#${destination}`);
    await expect(put(role(), { ...row, url: "https://attacker.example.com" })).rejects.toMatchObject(denied);
    const workspace = await readRow("workspace");
    await expect(put(role(), { ...workspace, plan: "free" })).rejects.toMatchObject(denied);
    await expect(
      new DynamoDBClient(as(role())).send(
        new UpdateItemCommand({
          TableName: table("Registry"),
          Key: marshall({ workspace: "ws_1", item: `destination#${destination}` }),
          UpdateExpression: "SET #url = :url",
          ExpressionAttributeNames: { "#url": "url" },
          ExpressionAttributeValues: marshall({ ":url": "https://attacker.example.com" }),
        }),
      ),
    ).rejects.toMatchObject(denied);
  });

  it("cannot scan a table, read other secrets or change any", async () => {
    for (const name of ["Events", "Journal", "Registry", "Deliveries", "Quarantine"]) {
      await expect(scan(role(), name)).rejects.toMatchObject(denied);
    }
    const secrets = new SecretsManagerClient(as(role()));
    const own = `${stack.runtime.outputs["SecretPrefix"]}ws_1/${destination}`;
    await expect(secrets.send(new GetSecretValueCommand({ SecretId: own }))).resolves.toBeDefined();
    await expect(secrets.send(new ListSecretsCommand({}))).rejects.toMatchObject(denied);
    await expect(secrets.send(new DeleteSecretCommand({ SecretId: own }))).rejects.toMatchObject(denied);
    await expect(
      secrets.send(new PutSecretValueCommand({ SecretId: own, SecretString: "x" })),
    ).rejects.toMatchObject(denied);
  });

  it("cannot invoke other functions or request a purge", async () => {
    const lambda = new LambdaClient(as(role()));
    for (const prefix of [
      "TrailcastManagementFunction",
      "TrailcastRetentionPurge",
      "TrailcastFanOutRedrive",
    ]) {
      const FunctionName = `Trailcast-${roleOf(prefix).replace("LOCAL", "")}`;
      await expect(lambda.send(new InvokeCommand({ FunctionName }))).rejects.toMatchObject(denied);
    }
    const QueueUrl = stack.runtime.outputs["PurgeQueueUrl"];
    await expect(
      new SQSClient(as(role())).send(new SendMessageCommand({ QueueUrl, MessageBody: "{}" })),
    ).rejects.toMatchObject(denied);
  });
});

describe("an attacker who takes over", () => {
  it("a reading function can write export jobs, but change nothing else", async () => {
    for (const prefix of ["TrailcastReadingFunction", "TrailcastReadingExport"]) {
      const role = roleOf(prefix);
      await put(role, { workspace: "ws_1", item: "export#exp_1", export: "exp_1", version: 1 });
      const workspace = await readRow("workspace");
      await expect(put(role, { ...workspace, plan: "free" })).rejects.toMatchObject(denied);
      await expect(put(role, { ...(await readRow(`destination#${destination}`)) })).rejects.toMatchObject(
        denied,
      );
      await expect(scan(role, "Deliveries")).rejects.toMatchObject(denied);
      const secrets = new SecretsManagerClient(as(role));
      const SecretId = `${stack.runtime.outputs["SecretPrefix"]}ws_1/${destination}`;
      await expect(secrets.send(new GetSecretValueCommand({ SecretId }))).rejects.toMatchObject(denied);
    }
  });

  it("ingest cannot read events, and the public function can do nothing at all", async () => {
    for (const prefix of ["TrailcastIngest", "TrailcastManagementOpen"]) {
      for (const name of ["Events", "Journal", "Deliveries", "Quarantine"]) {
        await expect(scan(roleOf(prefix), name)).rejects.toMatchObject(denied);
      }
    }
    await expect(
      put(roleOf("TrailcastManagementOpen"), { workspace: "ws_1", item: "x" }),
    ).rejects.toMatchObject(denied);
  });

  it("fan-out cannot change a lane or a destination", async () => {
    const lane = await readRow(`lane#${destination}#live`);
    await expect(put(roleOf("TrailcastFanOutFunction"), lane)).rejects.toMatchObject(denied);
  });
});
