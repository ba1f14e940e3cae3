import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

const client = new SQSClient({});

/** Puts new orders into the queue of those to be packed. */
export const handler = async (event) => {
  for (const { eventName, dynamodb } of event.Records) {
    if (eventName !== "INSERT") continue;
    const MessageBody = JSON.stringify({ id: dynamodb.NewImage.id.S });
    await client.send(new SendMessageCommand({ QueueUrl: process.env.PACKING, MessageBody }));
  }
};
