import * as z from "zod";
import { invalidValue } from "../sqs-error.ts";
import { parseInput, type Action } from "./action.ts";
import { showMessage } from "./message-view.ts";

const schema = z.strictObject({
  QueueUrl: z.string(),
  MaxNumberOfMessages: z.number().optional(),
  VisibilityTimeout: z.number().optional(),
  WaitTimeSeconds: z.number().optional(),
  AttributeNames: z.array(z.string()).optional(),
  MessageSystemAttributeNames: z.array(z.string()).optional(),
  MessageAttributeNames: z.array(z.string()).optional(),
  // Accepted but not used: if the response of a call is lost, its messages stay hidden for their visibility.
  ReceiveRequestAttemptId: z.string().optional(),
});

function inRange(name: string, value: number, low: number, high: number): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw invalidValue(name, value, `Must be between ${low} and ${high}, if provided.`);
}

export const receiveMessage: Action = async (service, input, signal) => {
  const request = parseInput(schema, input);
  const queue = service.queues.atUrl(request.QueueUrl);
  const { visibilityTimeout, receiveWait } = queue.settings;
  const limit = inRange("MaxNumberOfMessages", request.MaxNumberOfMessages ?? 1, 1, 10);
  const seconds = inRange("VisibilityTimeout", request.VisibilityTimeout ?? visibilityTimeout, 0, 43_200);
  const waitSeconds = inRange("WaitTimeSeconds", request.WaitTimeSeconds ?? receiveWait, 0, 20);
  const messages = await service.receive(queue, limit, seconds, { milliseconds: waitSeconds * 1000, signal });
  if (messages.length === 0) return {};
  const selection = {
    system: [...(request.AttributeNames ?? []), ...(request.MessageSystemAttributeNames ?? [])],
    message: request.MessageAttributeNames ?? [],
  };
  return { Messages: messages.map((message) => showMessage(message, selection)) };
};
