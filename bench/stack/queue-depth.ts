import { GetQueueAttributesCommand, ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";

const LOOK_MS = 500;

/** Creates an SQS client with operator access to a local stack. */
export function queueClient(endpoint: string): SQSClient {
  return new SQSClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "LOCALADMIN", secretAccessKey: "local" },
  });
}

/** URLs of the queues whose names contain `part`, without dead-letter queues. */
export async function queuesNamed(client: SQSClient, part: string): Promise<string[]> {
  const { QueueUrls = [] } = await client.send(new ListQueuesCommand({}));
  return QueueUrls.filter((url) => url.includes(part) && !url.includes("Dead"));
}

/** Number of messages in a queue, including those in flight and delayed. */
export async function countQueued(client: SQSClient, QueueUrl: string): Promise<number> {
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
      ],
    }),
  );
  return Object.values(Attributes).reduce((sum, value) => sum + Number(value), 0);
}

/** Observed depths of the wake-up queues. */
export interface QueueDepths {
  /** Number of samples taken. */
  samples: number;
  /** Greatest number of messages at once: in both queues together, and in the slow one. */
  most: number;
  mostSlow: number;
}

/** Samples the depth of the wake-up queues at intervals. A failed request is not a sample. */
export function watchQueues(endpoint: string): { stop(): Promise<QueueDepths> } {
  const client = queueClient(endpoint);
  const seen = { samples: 0, most: 0, mostSlow: 0 };
  const look = async (): Promise<void> => {
    const queues = await queuesNamed(client, "WakeUps");
    const counts = await Promise.all(
      queues.map(async (url) => ({
        isSlow: url.includes("SlowQueue"),
        count: await countQueued(client, url),
      })),
    );
    if (counts.length === 0) return;
    const sum = (some: typeof counts): number => some.reduce((total, { count }) => total + count, 0);
    seen.samples += 1;
    seen.most = Math.max(seen.most, sum(counts));
    seen.mostSlow = Math.max(seen.mostSlow, sum(counts.filter(({ isSlow }) => isSlow)));
  };
  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(look).catch(() => undefined);
  }, LOOK_MS);
  return {
    async stop() {
      clearInterval(timer);
      await looking;
      client.destroy();
      return seen;
    },
  };
}
