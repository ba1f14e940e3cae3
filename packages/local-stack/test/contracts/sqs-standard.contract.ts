import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  PurgeQueueCommand,
  SendMessageBatchCommand,
  SetQueueAttributesCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bodies, createQueue } from "./sqs-queue.ts";
import { oursOnly, refusal, sqsClient, type Target } from "./target.ts";

const MIB = 1_048_576;

/** Sending, receiving, deleting and visibility as the SQS API reference describes them. */
export function sqsStandardContract(target: Target): void {
  let client: SQSClient;
  beforeAll(() => void (client = sqsClient(target.url())));
  afterAll(() => client.destroy());

  const change = (url: string, handle: string | undefined, seconds: number) =>
    client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: url,
        ReceiptHandle: handle,
        VisibilityTimeout: seconds,
      }),
    );
  const sendBatch = (url: string, entries: { Id: string; MessageBody: string }[]) =>
    client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: entries }));

  describe("SendMessage and ReceiveMessage", () => {
    it("pass on body, attributes and their digests, which the client verifies", async () => {
      const queue = await createQueue(client);
      const sent = await queue.send("ä body", {
        MessageAttributes: {
          kind: { DataType: "String", StringValue: "send" },
          raw: { DataType: "Binary", BinaryValue: new Uint8Array([1, 2]) },
        },
      });
      const [message] = await queue.receive({ MessageAttributeNames: ["All"] });
      expect(message).toMatchObject({
        MessageId: sent.MessageId,
        Body: "ä body",
        MD5OfBody: sent.MD5OfMessageBody,
        MD5OfMessageAttributes: sent.MD5OfMessageAttributes,
        Attributes: { ApproximateReceiveCount: "1" },
        MessageAttributes: {
          kind: { DataType: "String", StringValue: "send" },
          raw: { DataType: "Binary", BinaryValue: new Uint8Array([1, 2]) },
        },
      });
      expect(Number(message?.Attributes?.["SentTimestamp"])).toBeGreaterThan(1_600_000_000_000);
    });

    it("hide a received message until its visibility time-out ends, then increment its receive count", async () => {
      const queue = await createQueue(client);
      await queue.send("again");
      const [first] = await queue.receive({ VisibilityTimeout: 1 });
      expect(first?.Attributes?.["ApproximateReceiveCount"]).toBe("1");
      expect(await queue.receive()).toEqual([]);
      const [second] = await queue.receive({ WaitTimeSeconds: 5 });
      expect(second?.Attributes?.["ApproximateReceiveCount"]).toBe("2");
      expect(second?.MessageId).toBe(first?.MessageId);
    });

    it("end a long poll when a message arrives", async () => {
      const queue = await createQueue(client);
      const waiting = queue.receive({ WaitTimeSeconds: 10 });
      await queue.send("arrived");
      expect(bodies(await waiting)).toEqual(["arrived"]);
    });

    it("keep a delayed message hidden", async () => {
      const queue = await createQueue(client);
      await queue.send("later", { DelaySeconds: 1 });
      expect(await queue.receive()).toEqual([]);
      expect(bodies(await queue.receive({ WaitTimeSeconds: 5 }))).toEqual(["later"]);
    });

    it("accept a message of 1 MiB and refuse one more byte", async () => {
      const queue = await createQueue(client, { MaximumMessageSize: String(MIB) });
      await queue.send("x".repeat(MIB));
      const error = await refusal(queue.send("x".repeat(MIB + 1)));
      expect(error.name).toMatch(/InvalidParameterValue/);
    });

    it("return at most ten messages, and refuse a request for eleven", async () => {
      const queue = await createQueue(client);
      for (let n = 0; n < 12; n += 1) await queue.send(`m${n}`);
      expect((await queue.receive({ MaxNumberOfMessages: 10 })).length).toBeLessThanOrEqual(10);
      expect((await refusal(queue.receive({ MaxNumberOfMessages: 11 }))).message).toContain("11");
    });
  });

  describe("DeleteMessage", () => {
    it("deletes permanently, and has no effect the second time", async () => {
      const queue = await createQueue(client, { VisibilityTimeout: "0" });
      await queue.send("once");
      const [message] = await queue.receive();
      await queue.delete(message);
      await queue.delete(message);
      expect(await queue.receive()).toEqual([]);
    });

    it("refuses an invalid receipt handle", async () => {
      const queue = await createQueue(client);
      const error = await refusal(queue.delete({ ReceiptHandle: "nonsense" }));
      expect(error.name).toBe("ReceiptHandleIsInvalid");
    });
  });

  describe("ChangeMessageVisibility", () => {
    it("with 0 makes a message visible at once", async () => {
      const queue = await createQueue(client);
      await queue.send("back");
      const [message] = await queue.receive();
      await change(queue.url, message?.ReceiptHandle, 0);
      expect(bodies(await queue.receive())).toEqual(["back"]);
    });

    it("with a larger value hides it for longer", async () => {
      const queue = await createQueue(client);
      await queue.send("longer");
      const [message] = await queue.receive({ VisibilityTimeout: 1 });
      await change(queue.url, message?.ReceiptHandle, 60);
      expect(await queue.receive({ WaitTimeSeconds: 2 })).toEqual([]);
    });

    it("refuses more than 12 hours", async () => {
      const queue = await createQueue(client);
      await queue.send("long");
      const [message] = await queue.receive();
      expect((await refusal(change(queue.url, message?.ReceiptHandle, 43_201))).message).toContain("4320");
    });

    oursOnly(
      target,
      "refuses a message that is not in flight",
      "MessageNotInflight: The specified message isn't in flight",
      async () => {
        const queue = await createQueue(client);
        await queue.send("free");
        const [message] = await queue.receive();
        await change(queue.url, message?.ReceiptHandle, 0);
        const error = await refusal(change(queue.url, message?.ReceiptHandle, 30));
        expect(error.name).toBe("MessageNotInflight");
      },
    );

    it("accepts a batch and reports a result for each entry", async () => {
      const queue = await createQueue(client);
      await queue.send("batch");
      const [message] = await queue.receive();
      const answer = await client.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: queue.url,
          Entries: [
            { Id: "good", ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout: 0 },
            { Id: "bad", ReceiptHandle: "nonsense", VisibilityTimeout: 0 },
          ],
        }),
      );
      expect(answer.Successful?.map(({ Id }) => Id)).toEqual(["good"]);
      expect(answer.Failed?.map(({ Id, SenderFault }) => [Id, SenderFault])).toEqual([["bad", true]]);
    });
  });

  describe("batches", () => {
    it("accept ten messages, but refuse none, eleven, or a duplicate id", async () => {
      const queue = await createQueue(client);
      const entries = Array.from({ length: 11 }, (_, n) => ({ Id: `e${n}`, MessageBody: `m${n}` }));
      expect((await sendBatch(queue.url, entries.slice(0, 10))).Successful).toHaveLength(10);
      expect((await refusal(sendBatch(queue.url, []))).name).toBe("EmptyBatchRequest");
      expect((await refusal(sendBatch(queue.url, entries))).name).toBe("TooManyEntriesInBatchRequest");
      const [first] = entries;
      expect((await refusal(sendBatch(queue.url, [first!, first!]))).name).toBe("BatchEntryIdsNotDistinct");
    });

    it("refuse more than 1 MiB in total", async () => {
      const queue = await createQueue(client, { MaximumMessageSize: String(MIB) });
      const half = "x".repeat(MIB / 2 + 1);
      const entries = ["a", "b"].map((Id) => ({ Id, MessageBody: half }));
      expect((await refusal(sendBatch(queue.url, entries))).name).toBe("BatchRequestTooLong");
    });

    it("delete what they name", async () => {
      const queue = await createQueue(client, { VisibilityTimeout: "0" });
      await queue.send("one");
      const [message] = await queue.receive();
      await client.send(
        new DeleteMessageBatchCommand({
          QueueUrl: queue.url,
          Entries: [{ Id: "a", ReceiptHandle: message?.ReceiptHandle }],
        }),
      );
      expect(await queue.receive()).toEqual([]);
    });
  });

  describe("a queue", () => {
    it("counts visible, hidden and delayed messages", async () => {
      const queue = await createQueue(client);
      for (const body of ["a", "b", "c"]) await queue.send(body);
      await queue.send("d", { DelaySeconds: 60 });
      await queue.receive();
      expect(await queue.attributes()).toMatchObject({
        ApproximateNumberOfMessages: "2",
        ApproximateNumberOfMessagesNotVisible: "1",
        ApproximateNumberOfMessagesDelayed: "1",
      });
    });

    it("is empty after a purge", async () => {
      const queue = await createQueue(client);
      await queue.send("gone");
      await client.send(new PurgeQueueCommand({ QueueUrl: queue.url }));
      expect(await queue.receive()).toEqual([]);
    });

    it("accepts new attributes", async () => {
      const queue = await createQueue(client);
      await client.send(
        new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: { VisibilityTimeout: "77" } }),
      );
      expect((await queue.attributes())["VisibilityTimeout"]).toBe("77");
    });

    it("that does not exist is reported as such", async () => {
      const queue = await createQueue(client);
      const error = await refusal(client.send(new PurgeQueueCommand({ QueueUrl: `${queue.url}-absent` })));
      expect(error.name).toBe("QueueDoesNotExist");
    });

    oursOnly(
      target,
      "is refused at a URL with another host",
      "A stand-in refuses the URLs of other hosts, so that no test ever talks to the real AWS",
      async () => {
        const url = "https://sqs.eu-central-1.amazonaws.com/123456789012/contract";
        const direct = await fetch(target.url(), {
          method: "POST",
          headers: { "x-amz-target": "AmazonSQS.SendMessage", "content-type": "application/x-amz-json-1.0" },
          body: JSON.stringify({ QueueUrl: url, MessageBody: "x" }),
        });
        expect([direct.status, await direct.text()]).toEqual([
          400,
          expect.stringContaining("InvalidAddress"),
        ]);
      },
    );
  });
}
