import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSqs, openDatabase, type SqsService } from "../../src/aws/services.ts";

const ENDPOINT = "http://127.0.0.1:4566";
const URL_OF = (name: string) => `${ENDPOINT}/123456789012/${name}`;
const MINUTE = 60_000;

let dir: string;
let database: DatabaseSync;
let sqs: SqsService;
let now: number;
let wakeUps: string;
let tasks: string;

function open(): void {
  database = openDatabase(join(dir, "aws.db"));
  sqs = createSqs({
    database,
    clock: () => now,
    region: "eu-central-1",
    accountId: "123456789012",
    endpoint: () => ENDPOINT,
  });
  const dead = sqs.createQueue({ QueueName: "WakeUpsDead.fifo", FifoQueue: true });
  const redrive = { deadLetterTargetArn: dead.queueArn, maxReceiveCount: 3 };
  wakeUps = sqs.createQueue({ QueueName: "WakeUps.fifo", FifoQueue: true, RedrivePolicy: redrive }).queueArn;
  tasks = sqs.createQueue({ QueueName: "Tasks", MessageRetentionPeriod: 3600 }).queueArn;
  sqs.checkRedrivePolicies();
}

function crash(): void {
  database.close();
  open();
}

beforeEach(async () => {
  now = Date.parse("2026-11-23T05:00:00Z");
  dir = await mkdtemp(join(tmpdir(), "local-stack-sqs-"));
  open();
});
afterEach(async () => {
  sqs.close();
  database.close();
  await rm(dir, { recursive: true });
});

async function call(action: string, input: Record<string, unknown>): Promise<Record<string, unknown>> {
  return sqs.handle({ service: "AmazonSQS", action, input });
}
const sendWakeUp = (body: string, id = body) =>
  call("SendMessage", {
    QueueUrl: URL_OF("WakeUps.fifo"),
    MessageBody: body,
    MessageGroupId: "lane",
    MessageDeduplicationId: id,
  });
const sendTask = (body: string) => call("SendMessage", { QueueUrl: URL_OF("Tasks"), MessageBody: body });
const take = async (arn: string) => (await sqs.receive(arn, {}))[0];

describe("visibility", () => {
  it("can be changed repeatedly, but ends 12 hours after the message was received", async () => {
    await sendTask("long");
    const message = await take(tasks);
    const handle = message?.receiptHandle ?? "";
    sqs.changeVisibility(tasks, handle, 43_200);
    now += 11 * 60 * MINUTE;
    sqs.changeVisibility(tasks, handle, 3600);
    expect(() => sqs.changeVisibility(tasks, handle, 3601)).toThrow(
      "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
    );
  });

  it("that has ended allows another receive, after which the old handle deletes nothing", async () => {
    await sendTask("twice");
    const first = await take(tasks);
    now += 31_000;
    const second = await take(tasks);
    expect(second?.messageId).toBe(first?.messageId);
    sqs.deleteMessage(tasks, first?.receiptHandle ?? "");
    expect(sqs.counts(tasks)).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
    sqs.deleteMessage(tasks, second?.receiptHandle ?? "");
    expect(sqs.counts(tasks).inFlight).toBe(0);
  });
});

describe("deduplication", () => {
  it("ends after five minutes", async () => {
    const { MessageId: first } = await sendWakeUp("one", "id");
    now += 5 * MINUTE - 1;
    expect((await sendWakeUp("two", "id"))["MessageId"]).toBe(first);
    now += 1;
    expect((await sendWakeUp("three", "id"))["MessageId"]).not.toBe(first);
  });

  it("survives a crash", async () => {
    const { MessageId: first } = await sendWakeUp("one", "id");
    crash();
    expect((await sendWakeUp("two", "id"))["MessageId"]).toBe(first);
  });
});

describe("retention", () => {
  it("deletes messages that nobody received", async () => {
    await sendTask("forgotten");
    now += 3600_000;
    expect(await take(tasks)).toBeUndefined();
    expect(sqs.counts(tasks)).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });
});

describe("after a crash", () => {
  it("all messages that were sent are there, in order", async () => {
    for (const body of ["1", "2", "3"]) await sendWakeUp(body);
    crash();
    const [first] = await sqs.receive(wakeUps, { maxMessages: 10 });
    expect(first?.body).toBe("1");
    expect(first?.attributes["MessageGroupId"]).toBe("lane");
  });

  it("messages in flight are visible at once, in their place before the others", async () => {
    await sendWakeUp("1");
    await sendWakeUp("2");
    await take(wakeUps);
    crash();
    expect(await take(wakeUps)).toBeUndefined();
    expect(sqs.releaseInFlight()).toBe(1);
    const messages = await sqs.receive(wakeUps, { maxMessages: 10 });
    expect(messages.map(({ body }) => body)).toEqual(["1", "2"]);
    expect(messages[0]?.attributes["ApproximateReceiveCount"]).toBe("2");
  });

  it("messages whose consumer had set their visibility keep it", async () => {
    await sendWakeUp("1");
    const message = await take(wakeUps);
    sqs.changeVisibility(wakeUps, message?.receiptHandle ?? "", 60);
    crash();
    expect(sqs.releaseInFlight()).toBe(0);
    expect(await take(wakeUps)).toBeUndefined();
    now += MINUTE;
    expect((await take(wakeUps))?.body).toBe("1");
  });

  it("a move task continues", async () => {
    await sendWakeUp("poison");
    for (let n = 0; n < 4; n += 1) {
      await take(wakeUps);
      now += 31_000;
    }
    const source = wakeUps.replace("WakeUps.fifo", "WakeUpsDead.fifo");
    expect(sqs.counts(source).visible).toBe(1);
    await call("StartMessageMoveTask", { SourceArn: source });
    sqs.close();
    crash();
    await vi.waitFor(() => expect(sqs.counts(wakeUps).visible).toBe(1));
    expect((await take(wakeUps))?.body).toBe("poison");
  });
});

describe("a redrive policy", () => {
  it("does not delay other groups while it moves a message to the dead-letter queue", async () => {
    await sendWakeUp("poison");
    for (let n = 0; n < 3; n += 1) {
      await take(wakeUps);
      now += 31_000;
    }
    const input = { QueueUrl: URL_OF("WakeUps.fifo"), MessageBody: "fine", MessageGroupId: "other" };
    await call("SendMessage", { ...input, MessageDeduplicationId: "x" });
    const dead = sqs.receive(wakeUps.replace("WakeUps.fifo", "WakeUpsDead.fifo"), { waitSeconds: 20 });
    expect((await take(wakeUps))?.body).toBe("fine");
    expect((await dead)[0]?.body).toBe("poison");
  });
});

describe("a waiting receive", () => {
  it("is answered when a message is sent", async () => {
    const waiting = sqs.receive(tasks, { waitSeconds: 20 });
    await sendTask("here");
    expect((await waiting)[0]?.body).toBe("here");
  });

  it("is answered when its group is no longer blocked", async () => {
    await sendWakeUp("1");
    await sendWakeUp("2");
    const first = await take(wakeUps);
    const waiting = sqs.receive(wakeUps, { waitSeconds: 20 });
    sqs.deleteMessage(wakeUps, first?.receiptHandle ?? "");
    expect((await waiting)[0]?.body).toBe("2");
  });

  it("takes nothing once its caller has disconnected, and ends when the service closes", async () => {
    const caller = new AbortController();
    const gone = sqs.receive(tasks, { waitSeconds: 20, signal: caller.signal });
    caller.abort();
    expect(await gone).toEqual([]);
    await sendTask("for the next");
    expect((await take(tasks))?.body).toBe("for the next");
    const last = sqs.receive(tasks, { waitSeconds: 20 });
    sqs.close();
    expect(await last).toEqual([]);
  });
});

describe("listeners", () => {
  it("are called when messages were sent or made visible", async () => {
    const listener = vi.fn<(queueArn: string) => void>();
    const stop = sqs.onMessage(listener);
    await sendTask("x");
    await vi.waitFor(() => expect(listener).toHaveBeenCalledTimes(1));
    const message = await take(tasks);
    sqs.changeVisibility(tasks, message?.receiptHandle ?? "", 0);
    await vi.waitFor(() => expect(listener).toHaveBeenCalledTimes(2));
    expect(listener).toHaveBeenCalledWith(tasks);
    stop();
  });
});

describe("a queue of a template", () => {
  it("refuses a dead-letter queue of the other type and a property that SQS does not have", () => {
    const redrive = { deadLetterTargetArn: tasks, maxReceiveCount: 3 };
    sqs.createQueue({ QueueName: "Wrong.fifo", FifoQueue: true, RedrivePolicy: redrive });
    expect(() => sqs.checkRedrivePolicies()).toThrow("Dead-letter queue must be same type");
    expect(() => sqs.createQueue({ QueueName: "Odd", Colour: "red" })).toThrow("Unknown Attribute Colour");
  });
});
