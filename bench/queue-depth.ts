import { GetQueueAttributesCommand, ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";

const LOOK_MS = 500;

/** An operator's client of the queues of a local stack. */
export function queueClient(endpoint: string): SQSClient {
  return new SQSClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "LOCALADMIN", secretAccessKey: "local" },
  });
}

/** URLs of the queues that are named for `part`, dead-letter queues left out. */
export async function queuesNamed(client: SQSClient, part: string): Promise<string[]> {
  const { QueueUrls = [] } = await client.send(new ListQueuesCommand({}));
  return QueueUrls.filter((url) => url.includes(part) && !url.includes("Dead"));
}

/** Messages in a queue, in flight and delayed ones included. */
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

/** Looks every now and then how many messages the ring queues hold. */
export function watchQueues(endpoint: string): { stop(): Promise<number> } {
  const client = queueClient(endpoint);
  let most = 0;
  const look = async (): Promise<void> => {
    const queues = await queuesNamed(client, "Rings");
    const counts = await Promise.all(queues.map(async (url) => countQueued(client, url)));
    most = Math.max(
      most,
      counts.reduce((sum, count) => sum + count, 0),
    );
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
      return most;
    },
  };
}
