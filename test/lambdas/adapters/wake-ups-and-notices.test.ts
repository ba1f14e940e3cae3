import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createOwnerNotices } from "../../../lambdas/adapters/owner-bus.ts";
import { createVisibilityExtender } from "../../../lambdas/adapters/visibility-extender.ts";
import { createWakeUpQueue, type WakeUpQueueUrls } from "../../../lambdas/adapters/wake-up-queue.ts";
import { createSecretReader } from "../../../lambdas/adapters/secret-reader.ts";
import { linesOf } from "../../../lambdas/core/entry/entry-body.ts";
import type { Notice } from "../../../lambdas/core/lane/owner-notice.ts";
import {
  AwsError,
  type AwsCall,
  createSqs,
  openDatabase,
  startHttpEndpoint,
} from "@trailcast/local-stack/aws";
import { SECRET } from "../../helpers/in-memory-lanes.ts";
import { createInMemoryEntries, workspaceRow } from "../../helpers/in-memory-stores.ts";
import { PLANS } from "../../helpers/sample-events.ts";

const clock = { now: Date.parse("2026-11-23T12:00:00.000Z") };
const calls: AwsCall[] = [];
let isBusDown = false;
let urls: WakeUpQueueUrls;
let sqs: SQSClient;
let close: () => Promise<void>;
let settings: {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  maxAttempts: number;
};

beforeAll(async () => {
  const database = openDatabase(":memory:");
  let url = "";
  const service = createSqs({
    database,
    clock: () => clock.now,
    region: "eu-west-1",
    accountId: "111111111111",
    endpoint: () => url,
  });
  const noted = (answer: (call: AwsCall) => Record<string, unknown>) => ({
    handle: async (call: AwsCall) => {
      calls.push(call);
      return answer(call);
    },
  });
  const endpoint = await startHttpEndpoint({
    services: {
      AmazonSQS: service,
      AWSEvents: noted(() => ({ FailedEntryCount: isBusDown ? 1 : 0, Entries: [] })),
      secretsmanager: noted(({ input }) => {
        if (input["SecretId"] === "gone") throw new AwsError("ResourceNotFoundException", "no such secret");
        if (input["SecretId"] === "strange") return { SecretString: "{}" };
        return { SecretString: JSON.stringify({ current: SECRET, former: [], headers: {} }) };
      }),
    },
  });
  ({ url } = endpoint);
  settings = {
    endpoint: url,
    region: "eu-west-1",
    credentials: { accessKeyId: "LOCALADMIN", secretAccessKey: "local" },
    maxAttempts: 1,
  };
  sqs = new SQSClient(settings);
  const queue = async (name: string): Promise<string> => {
    const Attributes = { FifoQueue: "true", VisibilityTimeout: "180" };
    return (await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }))).QueueUrl ?? "";
  };
  urls = { quick: await queue("WakeUps.fifo"), slow: await queue("SlowWakeUps.fifo") };
  close = async () => {
    sqs.destroy();
    service.close();
    await endpoint.close();
    database.close();
  };
});
afterAll(() => close());
beforeEach(() => {
  calls.length = 0;
  isBusDown = false;
});

const receive = async (url: string, most = 10) =>
  (
    await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: most,
        MessageSystemAttributeNames: ["All"],
      }),
    )
  ).Messages ?? [];
const wakeUpOf = (destination: string, slow = false) => ({
  workspace: "ws_1",
  destination,
  lane: "live",
  ...(slow && { slow }),
});

describe("wake-ups", () => {
  it("go to the queue for their lane's speed, with the lane as message group, however many there are", async () => {
    const queue = createWakeUpQueue(urls, (bytes) => randomBytes(bytes), sqs);
    await queue.send([
      ...Array.from({ length: 13 }, (_, index) => wakeUpOf(`dst_${index}`)),
      wakeUpOf("dst_s", true),
    ]);
    const groups = new Set<string | undefined>();
    for (let tries = 0; groups.size < 13 && tries < 20; tries++)
      for (const message of await receive(urls.quick)) groups.add(message.Attributes?.MessageGroupId);
    expect([...groups].toSorted()).toEqual(
      Array.from({ length: 13 }, (_, index) => `dst_${index}.live`).toSorted(),
    );
    expect((await receive(urls.slow)).map(({ Body }) => JSON.parse(Body ?? ""))).toEqual([
      wakeUpOf("dst_s", true),
    ]);
  });

  it("are not deduplicated, and are received again once their extended visibility ends", async () => {
    const queue = createWakeUpQueue(urls, (bytes) => randomBytes(bytes), sqs);
    await queue.send([wakeUpOf("dst_twice"), wakeUpOf("dst_twice")]);
    const [first] = await receive(urls.quick, 1);
    expect(first?.Attributes?.MessageGroupId).toBe("dst_twice.live");
    const visibility = createVisibilityExtender(urls, sqs);
    await visibility.extend({ receiptHandle: first?.ReceiptHandle ?? "", isSlow: false }, 17);
    clock.now += 16_000;
    expect(await receive(urls.quick, 1)).toEqual([]);
    clock.now += 2_000;
    const [again] = await receive(urls.quick, 1);
    expect(again).toMatchObject({
      MessageId: first?.MessageId,
      Attributes: { ApproximateReceiveCount: "2" },
    });
  });
});

describe("secrets", () => {
  it("are read once a minute for each version", async () => {
    const reader = createSecretReader(new SecretsManagerClient(settings), () => clock.now);
    const read = (version: string) => reader.readSecret("trailcast/ws_1/dst_1", version);
    expect(await read("v1")).toMatchObject({ current: SECRET });
    await read("v1");
    await read("v2");
    expect(calls.map(({ input }) => input["VersionId"])).toEqual(["v1", "v2"]);
    clock.now += 60_001;
    await read("v1");
    expect(calls).toHaveLength(3);
  });

  it("are undefined if they do not exist, and an error if they are malformed", async () => {
    const reader = createSecretReader(new SecretsManagerClient(settings), () => clock.now);
    expect(await reader.readSecret("gone", "v1")).toBeUndefined();
    await expect(reader.readSecret("strange", "v1")).rejects.toThrow("shape");
  });
});

describe("a notice to the owner", () => {
  const notice: Notice = {
    kind: "failing",
    workspace: workspaceRow("ws_1"),
    destination: { destination: "dst_1", name: "SIEM" },
    lane: "live",
    key: "whd_1 failing 3",
    at: "2026-11-23T12:00:00.000Z",
    reason: "HTTP 401",
    advice: "credentials",
    failingSince: "2026-11-23T11:00:00.000Z",
  };
  const tell = async (entries = createInMemoryEntries(), changes: Partial<Notice> = {}) => {
    const recorder = {
      entries,
      clock: () => clock.now,
      random: (bytes: number) => randomBytes(bytes),
      settings: {
        eventTypePrefix: "pro.atmos",
        sourceBaseUrl: "https://app.example.com",
        plans: PLANS,
        shards: {},
      },
    };
    await createOwnerNotices("owners", recorder, new EventBridgeClient(settings)).tell({
      ...notice,
      ...changes,
    });
    return entries;
  };
  const eventsOf = (entries: ReturnType<typeof createInMemoryEntries>) =>
    [...entries.entries.values()].flatMap((entry) => linesOf(entry)).map((line) => JSON.parse(line));

  it("is recorded once as an audit event of the workspace and sent to the event bus", async () => {
    const events = eventsOf(await tell(await tell()));
    expect(events).toMatchObject([
      {
        type: "pro.atmos.webhook.delivery_failing",
        subject: "dst_1",
        data: {
          actor: { type: "system", id: "trailcast" },
          description: null,
          metadata: { reason: "HTTP 401", advice: "credentials", lane: "live" },
        },
      },
    ]);
    expect(calls[0]?.input["Entries"]).toMatchObject([
      { EventBusName: "owners", Source: "trailcast", DetailType: "Destination failing" },
    ]);
  });

  it("about a replay names the replay, and says that enabling the destination continues it", async () => {
    const [event] = eventsOf(await tell(createInMemoryEntries(), { kind: "suspended", lane: "rpl_1" }));
    const description = "The replay rpl_1 is suspended; enabling the destination lets it go on";
    expect(event).toMatchObject({ type: "pro.atmos.webhook.delivery_suspended", data: { description } });
    const [sent] = calls.flatMap(({ input }) => input["Entries"] as { Detail: string }[]);
    expect(JSON.parse(sent?.Detail ?? "")).toMatchObject({ lane: "rpl_1", description });
  });

  it("fails if the event bus refuses it", async () => {
    isBusDown = true;
    await expect(tell()).rejects.toThrow("refused by the bus");
  });
});
