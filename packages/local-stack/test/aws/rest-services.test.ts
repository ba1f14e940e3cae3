import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startRuntime, type Runtime } from "../../src/index.ts";
import {
  allow,
  arnOf,
  lambda,
  temporaryFolder,
  writeAssembly,
  type Resources,
} from "../fixtures/fixture-stack.ts";

const STACK: Resources = {
  ...lambda("Reader", "echo", {
    statements: [
      allow(["s3:GetObject"], { "Fn::Sub": "${Bucket.Arn}/*" }),
      allow(["lambda:InvokeFunction"], arnOf("Echo")),
    ],
  }),
  ...lambda("Echo", "echo"),
  ...lambda("Tick", "tick"),
  ...lambda("Misbehave", "misbehave"),
  Bucket: { Type: "AWS::S3::Bucket" },
  Bus: { Type: "AWS::Events::EventBus", Properties: { Name: "owners" } },
  Rule: {
    Type: "AWS::Events::Rule",
    Properties: {
      EventBusName: { Ref: "Bus" },
      EventPattern: { "detail-type": [{ prefix: "destination." }], detail: { workspace: ["ws_1"] } },
      Targets: [{ Id: "tick", Arn: arnOf("Tick") }],
    },
  },
  RulePermission: {
    Type: "AWS::Lambda::Permission",
    Properties: {
      Action: "lambda:InvokeFunction",
      FunctionName: { Ref: "Tick" },
      Principal: "events.amazonaws.com",
      SourceArn: arnOf("Rule"),
    },
  },
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let runtime: Runtime;
const lines: string[] = [];
const Bucket = "fixture-bucket";

const settings = (accessKeyId: string) => ({
  endpoint: runtime.awsEndpointUrl,
  region: "us-east-1",
  credentials: { accessKeyId, secretAccessKey: "local" },
});

beforeAll(async () => {
  folder = await temporaryFolder();
  const cdkOut = writeAssembly(folder.path, STACK);
  runtime = await startRuntime({
    cdkOut,
    dir: join(folder.path, "data"),
    onLog: ({ line }) => lines.push(line),
  });
});

afterAll(async () => {
  await runtime.stop();
  await folder.remove();
});

describe("S3", () => {
  it("stores, returns, lists and deletes objects with their headers", async () => {
    const s3 = new S3Client(settings("LOCALADMIN"));
    const Key = "exports/ws 1/part-1.ndjson";
    const headers = { ContentType: "application/x-ndjson", Metadata: { export: "exp_1" } };
    const put = await s3.send(new PutObjectCommand({ Bucket, Key, Body: "one\ntwo\n", ...headers }));
    const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
    expect(await got.Body?.transformToString()).toBe("one\ntwo\n");
    expect(got).toMatchObject({
      ContentType: "application/x-ndjson",
      Metadata: { export: "exp_1" },
      ETag: put.ETag,
    });
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key }))).toMatchObject({ ContentLength: 8 });
    const ranged = await s3.send(new GetObjectCommand({ Bucket, Key, Range: "bytes=4-" }));
    expect(await ranged.Body?.transformToString()).toBe("two\n");
    const listed = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "exports/" }));
    expect(listed.Contents?.map((one) => [one.Key, one.Size])).toEqual([[Key, 8]]);
    await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    await expect(s3.send(new GetObjectCommand({ Bucket, Key }))).rejects.toMatchObject({ name: "NoSuchKey" });
  });

  it("combines the parts of an upload, and deletes those of an aborted one", async () => {
    const s3 = new S3Client(settings("LOCALADMIN"));
    const Key = "large";
    const { UploadId } = await s3.send(
      new CreateMultipartUploadCommand({ Bucket, Key, ContentType: "text/csv" }),
    );
    const contents = [Buffer.alloc(5 * 1024 * 1024, "a"), Buffer.from("end")];
    const Parts = [];
    for (const [index, Body] of contents.entries()) {
      const PartNumber = index + 1;
      const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
      Parts.push({ PartNumber, ETag });
    }
    const done = await s3.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
    );
    expect(done.ETag).toMatch(/-2"$/);
    const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
    expect(got.ContentType).toBe("text/csv");
    expect((await got.Body?.transformToByteArray())?.length).toBe(5 * 1024 * 1024 + 3);
    const { UploadId: other } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "no" }));
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: "no", UploadId: other }));
    const late = s3.send(
      new UploadPartCommand({ Bucket, Key: "no", UploadId: other, PartNumber: 1, Body: "x" }),
    );
    await expect(late).rejects.toMatchObject({ name: "NoSuchUpload" });
  });

  it("accepts a presigned URL with the permissions of the role that signed it, and refuses a changed or expired one", async () => {
    const admin = new S3Client(settings("LOCALADMIN"));
    await admin.send(new PutObjectCommand({ Bucket, Key: "linked file", Body: "content" }));
    const link = (accessKeyId: string, expiresIn: number): Promise<string> =>
      getSignedUrl(
        new S3Client(settings(accessKeyId)),
        new GetObjectCommand({ Bucket, Key: "linked file" }),
        { expiresIn },
      );
    const url = await link("LOCALReader", 60);
    expect(await (await fetch(url)).text()).toBe("content");
    expect((await fetch(url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"))).status).toBe(403);
    expect((await fetch(url.replace("linked%20file", "large"))).status).toBe(403);
    expect((await fetch(await link("LOCALEcho", 60))).status).toBe(403);
    expect((await fetch(url.split("?")[0] ?? "")).status).toBe(403);
  });

  it("refuses what a role's policy does not allow", async () => {
    const s3 = new S3Client(settings("LOCALReader"));
    const put = s3.send(new PutObjectCommand({ Bucket, Key: "x", Body: "x" }));
    await expect(put).rejects.toMatchObject({ name: "AccessDenied" });
    expect(runtime.denials.at(-1)).toMatchObject({
      principal: "Reader",
      action: "s3:PutObject",
      resource: `arn:aws:s3:::${Bucket}/x`,
    });
  });
});

describe("Lambda", () => {
  it("invokes a function for callers with permission, synchronously or asynchronously", async () => {
    const lambdaClient = new LambdaClient(settings("LOCALReader"));
    const answer = await lambdaClient.send(
      new InvokeCommand({ FunctionName: "Fixture-Echo", Payload: Buffer.from('{"a":1}') }),
    );
    expect(answer.StatusCode).toBe(200);
    expect(JSON.parse(answer.Payload?.transformToString() ?? "")).toMatchObject({ body: '{"a":1}' });
    const denied = lambdaClient.send(new InvokeCommand({ FunctionName: "Fixture-Tick" }));
    await expect(denied).rejects.toMatchObject({ name: "AccessDeniedException" });
    const admin = new LambdaClient(settings("LOCALADMIN"));
    const event = {
      FunctionName: "Fixture-Tick",
      InvocationType: "Event" as const,
      Payload: Buffer.from('"later"'),
    };
    expect((await admin.send(new InvokeCommand(event))).StatusCode).toBe(202);
    await vi.waitFor(() => expect(lines).toContain('tick "later"'));
  });

  it("reports that a function failed", async () => {
    const admin = new LambdaClient(settings("LOCALADMIN"));
    const answer = await admin.send(
      new InvokeCommand({ FunctionName: "Fixture-Misbehave", Payload: Buffer.from('{"does":"throw"}') }),
    );
    expect(answer.FunctionError).toBe("Unhandled");
    expect(JSON.parse(answer.Payload?.transformToString() ?? "")).toMatchObject({
      errorType: "TypeError",
      errorMessage: "as asked",
    });
  });
});

describe("EventBridge", () => {
  it("passes events of a bus to the targets of the matching rules", async () => {
    const events = new EventBridgeClient(settings("LOCALADMIN"));
    const entry = (DetailType: string, workspace: string, EventBusName = "owners") => ({
      Source: "fixture",
      DetailType,
      Detail: JSON.stringify({ workspace }),
      EventBusName,
    });
    const answer = await events.send(
      new PutEventsCommand({
        Entries: [
          entry("destination.failing", "ws_1"),
          entry("destination.failing", "ws_2"),
          entry("other", "ws_1"),
          entry("destination.failing", "ws_1", "elsewhere"),
        ],
      }),
    );
    expect(answer.FailedEntryCount).toBe(1);
    expect(answer.Entries?.[3]).toMatchObject({ ErrorCode: "ResourceNotFoundException" });
    await runtime.waitIdle();
    const ticks = lines.filter((line) => line.includes("destination.failing"));
    expect(ticks).toHaveLength(1);
    expect(ticks[0]).toContain('"detail":{"workspace":"ws_1"}');
  });
});

it("refuses callers without an access key of the stack", async () => {
  const stranger = new EventBridgeClient(settings("AKIASTRANGER"));
  const put = stranger.send(
    new PutEventsCommand({ Entries: [{ Source: "a", DetailType: "b", Detail: "{}" }] }),
  );
  await expect(put).rejects.toMatchObject({ name: "UnrecognizedClientException" });
});
