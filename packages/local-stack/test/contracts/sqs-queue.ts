import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type Message,
  type ReceiveMessageCommandInput,
  type SendMessageCommandInput,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { uniqueName } from "./target.ts";

/** Creates a separate queue for one case; its name ends in `.fifo` when it is a FIFO queue. */
export async function createQueue(
  client: SQSClient,
  attributes: Record<string, string> = {},
): Promise<TestQueue> {
  const name = uniqueName("contract") + (attributes["FifoQueue"] === "true" ? ".fifo" : "");
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  const url = QueueUrl ?? "";
  const found = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["QueueArn"] }),
  );
  return queueOf(client, url, found.Attributes?.["QueueArn"] ?? "");
}

/** Shorthands for one queue. */
function queueOf(client: SQSClient, url: string, arn: string) {
  return {
    url,
    arn,
    send: (body: string, more: Partial<SendMessageCommandInput> = {}) =>
      client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body, ...more })),
    /** Sends to a group of a FIFO queue, with a new deduplication id. */
    sendTo: (group: string, body: string, deduplicationId = uniqueName("id")) =>
      client.send(
        new SendMessageCommand({
          QueueUrl: url,
          MessageBody: body,
          MessageGroupId: group,
          MessageDeduplicationId: deduplicationId,
        }),
      ),
    receive: async (more: Partial<ReceiveMessageCommandInput> = {}): Promise<Message[]> => {
      const input = { QueueUrl: url, MessageSystemAttributeNames: ["All" as const], ...more };
      return (await client.send(new ReceiveMessageCommand(input))).Messages ?? [];
    },
    delete: (message: Message | undefined) =>
      client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message?.ReceiptHandle })),
    attributes: async (): Promise<Record<string, string>> =>
      (await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] })))
        .Attributes ?? {},
  };
}

export type TestQueue = ReturnType<typeof queueOf>;

export function bodies(messages: readonly Message[]): (string | undefined)[] {
  return messages.map((message) => message.Body);
}

export const FIFO = { FifoQueue: "true" } as const;
export const HIGH_THROUGHPUT = {
  ...FIFO,
  DeduplicationScope: "messageGroup",
  FifoThroughputLimit: "perMessageGroupId",
} as const;
