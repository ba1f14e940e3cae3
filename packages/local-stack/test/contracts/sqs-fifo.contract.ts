import { ChangeMessageVisibilityCommand, SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bodies, createQueue, FIFO, HIGH_THROUGHPUT } from "./sqs-queue.ts";
import { oursOnly, refusal, sqsClient, type Target } from "./target.ts";

/** FIFO queues as the Developer Guide describes them ("FIFO queue and message identifiers", "FIFO delivery logic"). */
export function sqsFifoContract(target: Target): void {
  let client: SQSClient;
  beforeAll(() => void (client = sqsClient(target.url())));
  afterAll(() => client.destroy());

  describe("order", () => {
    it("within a group is the order of sending", async () => {
      const queue = await createQueue(client, FIFO);
      for (let n = 0; n < 10; n += 1) await queue.sendTo("lane", `m${n}`);
      const seen: (string | undefined)[] = [];
      while (seen.length < 10) {
        const messages = await queue.receive({ MaxNumberOfMessages: 3 });
        seen.push(...bodies(messages));
        for (const message of messages) await queue.delete(message);
      }
      expect(seen).toEqual(Array.from({ length: 10 }, (_, n) => `m${n}`));
    });

    it("blocks a group, and no other one, while one of its messages is in flight", async () => {
      const queue = await createQueue(client, FIFO);
      await queue.sendTo("a", "a1");
      await queue.sendTo("a", "a2");
      await queue.sendTo("b", "b1");
      const [first] = await queue.receive();
      expect(first?.Body).toBe("a1");
      expect(bodies(await queue.receive())).toEqual(["b1"]);
      expect(await queue.receive()).toEqual([]);
      await queue.delete(first);
      expect(bodies(await queue.receive())).toEqual(["a2"]);
    });

    it("is kept when a message becomes visible again", async () => {
      const queue = await createQueue(client, FIFO);
      await queue.sendTo("a", "a1");
      await queue.sendTo("a", "a2");
      const [first] = await queue.receive();
      await client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: queue.url,
          ReceiptHandle: first?.ReceiptHandle,
          VisibilityTimeout: 0,
        }),
      );
      expect(bodies(await queue.receive({ MaxNumberOfMessages: 2 }))).toEqual(["a1", "a2"]);
    });

    oursOnly(
      target,
      "is visible in growing sequence numbers",
      "SequenceNumber increases for each message sent to a message group",
      async () => {
        const queue = await createQueue(client, FIFO);
        const first = await queue.sendTo("a", "1");
        const second = await queue.sendTo("a", "2");
        expect(BigInt(second.SequenceNumber ?? 0)).toBeGreaterThan(BigInt(first.SequenceNumber ?? 0));
        const [message] = await queue.receive();
        expect(message?.Attributes).toMatchObject({
          MessageGroupId: "a",
          SequenceNumber: first.SequenceNumber,
        });
      },
    );
  });

  describe("deduplication", () => {
    oursOnly(
      target,
      "accepts a repeat within five minutes but delivers it once, even after the first was deleted",
      "Any messages sent with the same deduplication ID are accepted successfully but aren't delivered; the answer names the first message",
      async () => {
        const queue = await createQueue(client, FIFO);
        const first = await queue.sendTo("a", "one", "same");
        await queue.delete((await queue.receive())[0]);
        const second = await queue.sendTo("a", "two", "same");
        expect(second.MessageId).toBe(first.MessageId);
        expect(await queue.receive()).toEqual([]);
      },
    );

    it("with scope queue covers all groups", async () => {
      const queue = await createQueue(client, FIFO);
      await queue.sendTo("a", "one", "same");
      await queue.sendTo("b", "two", "same");
      expect(bodies(await queue.receive({ MaxNumberOfMessages: 10 }))).toEqual(["one"]);
    });

    oursOnly(
      target,
      "applies to one group if its scope is messageGroup",
      "DeduplicationScope specifies whether message deduplication occurs at the message group or queue level",
      async () => {
        const queue = await createQueue(client, HIGH_THROUGHPUT);
        await queue.sendTo("a", "one", "same");
        await queue.sendTo("b", "two", "same");
        await queue.sendTo("a", "three", "same");
        expect(bodies(await queue.receive({ MaxNumberOfMessages: 10 })).toSorted()).toEqual(["one", "two"]);
      },
    );

    it("by content uses the body as the id", async () => {
      const queue = await createQueue(client, { ...FIFO, ContentBasedDeduplication: "true" });
      await queue.send("same", { MessageGroupId: "a" });
      await queue.send("same", { MessageGroupId: "a" });
      await queue.send("other", { MessageGroupId: "a" });
      expect(bodies(await queue.receive({ MaxNumberOfMessages: 10 }))).toEqual(["same", "other"]);
    });
  });

  describe("a FIFO queue requires", () => {
    it("a group", async () => {
      const queue = await createQueue(client, FIFO);
      const error = await refusal(queue.send("x", { MessageDeduplicationId: "id" }));
      expect(error.message).toContain("MessageGroupId");
    });

    it("a deduplication id, unless it uses content-based deduplication", async () => {
      const queue = await createQueue(client, FIFO);
      const error = await refusal(queue.send("x", { MessageGroupId: "a" }));
      expect(error.message).toContain("ContentBasedDeduplication");
    });

    it("that a single message has no delay", async () => {
      const queue = await createQueue(client, FIFO);
      const error = await refusal(
        queue.send("x", { MessageGroupId: "a", MessageDeduplicationId: "id", DelaySeconds: 1 }),
      );
      expect(error.message).toContain("DelaySeconds");
    });

    oursOnly(
      target,
      "a name that ends in .fifo",
      "ContentBasedDeduplication applies only to FIFO queues",
      async () => {
        const error = await refusal(createQueue(client, { ContentBasedDeduplication: "true" }));
        expect(error).toBeInstanceOf(Error);
      },
    );

    oursOnly(
      target,
      "the scope messageGroup for the throughput limit perMessageGroupId",
      "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup",
      async () => {
        const error = await refusal(
          createQueue(client, { ...FIFO, FifoThroughputLimit: "perMessageGroupId" }),
        );
        expect(error.name).toBe("InvalidAttributeValue");
      },
    );
  });

  oursOnly(
    target,
    "a receipt handle whose visibility has ended deletes nothing",
    "If the visibility timeout expired, a FIFO queue refuses: The receipt handle has expired",
    async () => {
      const queue = await createQueue(client, FIFO);
      await queue.sendTo("a", "still there");
      const [message] = await queue.receive({ VisibilityTimeout: 0 });
      expect((await refusal(queue.delete(message))).message).toContain("The receipt handle has expired");
      expect(bodies(await queue.receive())).toEqual(["still there"]);
    },
  );

  it("a FIFO queue keeps the order of a batch", async () => {
    const queue = await createQueue(client, FIFO);
    await client.send(
      new SendMessageBatchCommand({
        QueueUrl: queue.url,
        Entries: ["1", "2", "3"].map((n) => ({
          Id: `e${n}`,
          MessageBody: n,
          MessageGroupId: "a",
          MessageDeduplicationId: n,
        })),
      }),
    );
    expect(bodies(await queue.receive({ MaxNumberOfMessages: 10 }))).toEqual(["1", "2", "3"]);
  });
}
