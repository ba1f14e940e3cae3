import {
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  StartMessageMoveTaskCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { bodies, createQueue, FIFO, type TestQueue } from "./sqs-queue.ts";
import { ACCOUNT_ID, oursOnly, refusal, REGION, sqsClient, type Target } from "./target.ts";

interface Pair {
  source: TestQueue;
  dead: TestQueue;
}

async function bury({ source, dead }: Pair, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await source.send(`m${n}`);
  await vi.waitFor(
    async () => {
      await source.receive({ MaxNumberOfMessages: 10 });
      expect((await dead.attributes())["ApproximateNumberOfMessages"]).toBe(String(count));
    },
    { timeout: 10_000 },
  );
}

/** Dead-letter queues and move tasks as the Developer Guide and the API reference describe them. */
export function sqsRedriveContract(target: Target): void {
  let client: SQSClient;
  beforeAll(() => void (client = sqsClient(target.url())));
  afterAll(() => client.destroy());

  async function createPair(maxReceiveCount: number, attributes: Record<string, string> = {}): Promise<Pair> {
    const dead = await createQueue(client, attributes);
    const policy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount });
    const source = await createQueue(client, {
      ...attributes,
      RedrivePolicy: policy,
      VisibilityTimeout: "0",
    });
    return { source, dead };
  }

  describe("a redrive policy", () => {
    it("moves a message with its id after maxReceiveCount receives", async () => {
      const { source, dead } = await createPair(2);
      const { MessageId } = await source.send("poison");
      expect(bodies(await source.receive())).toEqual(["poison"]);
      expect(bodies(await source.receive())).toEqual(["poison"]);
      expect(await source.receive()).toEqual([]);
      const [buried] = await dead.receive({ WaitTimeSeconds: 2 });
      expect([buried?.MessageId, buried?.Body]).toEqual([MessageId, "poison"]);
    });

    oursOnly(
      target,
      "on a FIFO queue frees the next message of the group",
      "When the head of a message group moves to the dead-letter queue, the next message of the group becomes available",
      async () => {
        const { source, dead } = await createPair(1, FIFO);
        await source.sendTo("a", "poison");
        await source.sendTo("a", "fine");
        expect(bodies(await source.receive())).toEqual(["poison"]);
        expect(bodies(await source.receive())).toEqual(["fine"]);
        expect(bodies(await dead.receive())).toEqual(["poison"]);
      },
    );

    it("is refused when its queue does not exist", async () => {
      const policy = JSON.stringify({
        deadLetterTargetArn: `arn:aws:sqs:${REGION}:${ACCOUNT_ID}:absent`,
        maxReceiveCount: 3,
      });
      expect(await refusal(createQueue(client, { RedrivePolicy: policy }))).toBeInstanceOf(Error);
    });

    oursOnly(
      target,
      "is refused if its queue has the other type",
      "The dead-letter queue of a FIFO queue must also be a FIFO queue. Similarly, the dead-letter queue of a standard queue must also be a standard queue",
      async () => {
        const dead = await createQueue(client);
        const policy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 3 });
        const error = await refusal(createQueue(client, { ...FIFO, RedrivePolicy: policy }));
        expect(error.message).toContain("Dead-letter queue must be same type of queue as the source");
      },
    );

    it("appears in the list of the dead-letter queue's sources", async () => {
      const { source, dead } = await createPair(3);
      const answer = await client.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: dead.url }));
      expect(answer.queueUrls).toEqual([source.url]);
    });
  });

  const start = (source: string, rate?: number) =>
    client.send(
      new StartMessageMoveTaskCommand({
        SourceArn: source,
        ...(rate === undefined ? {} : { MaxNumberOfMessagesPerSecond: rate }),
      }),
    );
  const newest = async (source: string) =>
    (await client.send(new ListMessageMoveTasksCommand({ SourceArn: source }))).Results?.[0];

  describe("a message move task", () => {
    oursOnly(
      target,
      "moves all messages back to their source queues",
      "If DestinationArn isn't specified, the messages will be redriven back to their respective original source queues",
      async () => {
        const pair = await createPair(1);
        await bury(pair, 3);
        await start(pair.dead.arn);
        await vi.waitFor(async () => expect((await newest(pair.dead.arn))?.Status).toBe("COMPLETED"), 10_000);
        expect((await pair.dead.attributes())["ApproximateNumberOfMessages"]).toBe("0");
        expect(bodies(await pair.source.receive({ MaxNumberOfMessages: 10 })).toSorted()).toEqual([
          "m0",
          "m1",
          "m2",
        ]);
      },
    );

    oursOnly(
      target,
      "gives the messages that it moves new ids",
      "Redriven messages are considered new messages with a new messageID and enqueueTime are assigned to redriven messages",
      async () => {
        const pair = await createPair(1);
        const { MessageId } = await pair.source.send("moved");
        await pair.source.receive();
        await pair.source.receive();
        await start(pair.dead.arn);
        const [message] = await pair.source.receive({ WaitTimeSeconds: 5 });
        expect(message?.Body).toBe("moved");
        expect(message?.MessageId).not.toBe(MessageId);
        expect(message?.Attributes?.["ApproximateReceiveCount"]).toBe("1");
      },
    );

    oursOnly(
      target,
      "is refused while another is active on the queue",
      "Only one active message movement task is supported per queue at any given time",
      async () => {
        const pair = await createPair(1);
        await bury(pair, 5);
        await start(pair.dead.arn, 1);
        expect((await newest(pair.dead.arn))?.Status).toBe("RUNNING");
        expect((await refusal(start(pair.dead.arn))).name).toBe("UnsupportedOperation");
      },
    );

    oursOnly(
      target,
      "is refused on a queue that is not a dead-letter queue",
      "This action is currently limited to supporting message redrive from queues that are configured as dead-letter queues (DLQs) of other Amazon SQS queues only",
      async () => {
        const queue = await createQueue(client);
        expect((await refusal(start(queue.arn))).message).toContain("Dead Letter Queue");
      },
    );
  });
}
