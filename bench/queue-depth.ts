import { GetQueueAttributesCommand, ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";

const LOOK_MS = 500;

/** Looks every now and then how many messages the ring queues hold, in flight and delayed ones included. */
export function watchQueues(endpoint: string): { stop(): Promise<number> } {
  const client = new SQSClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "LOCALADMIN", secretAccessKey: "local" },
  });
  let most = 0;
  const look = async (): Promise<void> => {
    const { QueueUrls = [] } = await client.send(new ListQueuesCommand({}));
    const counts = await Promise.all(
      QueueUrls.filter((url) => url.includes("Rings") && !url.includes("Dead")).map(async (QueueUrl) =>
        countOf(client, QueueUrl),
      ),
    );
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

async function countOf(client: SQSClient, QueueUrl: string): Promise<number> {
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
