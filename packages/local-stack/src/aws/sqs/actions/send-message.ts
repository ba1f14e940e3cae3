import { createHash } from "node:crypto";
import * as z from "zod";
import { md5, md5OfAttributes } from "../message-md5.ts";
import type { Accepted } from "../deduplication.ts";
import type { Outgoing } from "../message-queue.ts";
import type { Queue } from "../queue-store.ts";
import type { QueueService } from "../queue-service.ts";
import { invalidValue, missingParameter, sqsError } from "../sqs-error.ts";
import type { MessageAttribute } from "../sqs-service.ts";
import { sequenceNumber } from "./message-view.ts";
import { checkEntries, eachEntry, parseInput, type Action } from "./action.ts";

/** API reference: a message, or all messages of a batch together, may have at most 1 MiB, including attributes. */
const MAX_BATCH_BYTES = 1_048_576;
const MAX_DELAY_SECONDS = 900;
const MAX_ATTRIBUTES = 10;
/** API reference: "A message can include only XML, JSON, and unformatted text", with these characters. */
const TEXT = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;

const attributeSchema = z.strictObject({
  DataType: z.string().regex(/^(String|Number|Binary)(\..+)?$/),
  StringValue: z.string().optional(),
  BinaryValue: z.string().optional(),
});
const messageFields = {
  MessageBody: z.string(),
  DelaySeconds: z.number().optional(),
  MessageAttributes: z.record(z.string(), attributeSchema).optional(),
  MessageSystemAttributes: z.strictObject({ AWSTraceHeader: attributeSchema.optional() }).optional(),
  MessageDeduplicationId: z.string().max(128).optional(),
  MessageGroupId: z.string().max(128).optional(),
};
const sendSchema = z.strictObject({ QueueUrl: z.string(), ...messageFields });
const batchSchema = z.strictObject({
  QueueUrl: z.string(),
  Entries: z.array(z.strictObject({ Id: z.string(), ...messageFields })),
});
const messageSchema = z.object(messageFields);
type Message = z.infer<typeof messageSchema>;

function attributesOf(message: Message): Record<string, MessageAttribute> {
  const entries = Object.entries(message.MessageAttributes ?? {});
  if (entries.length > MAX_ATTRIBUTES) {
    throw sqsError(
      "InvalidParameterValue",
      `Number of message attributes [${entries.length}] exceeds the allowed maximum [${MAX_ATTRIBUTES}].`,
    );
  }
  return Object.fromEntries(
    entries.map(([name, { DataType: dataType, StringValue: text, BinaryValue: binary }]) => {
      if ((text ?? binary ?? "") === "") {
        throw sqsError(
          "InvalidParameterValue",
          `The message attribute '${name}' must contain a non-empty message attribute value for message attribute type '${dataType}'.`,
        );
      }
      const value = text === undefined ? { binaryValue: binary ?? "" } : { stringValue: text };
      return [name, { dataType, ...value }];
    }),
  );
}

function bytesOf(message: Message): number {
  let bytes = Buffer.byteLength(message.MessageBody);
  for (const [name, attribute] of Object.entries(message.MessageAttributes ?? {})) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(attribute.DataType);
    bytes += Buffer.byteLength(attribute.StringValue ?? "");
    bytes += Buffer.byteLength(attribute.BinaryValue ?? "", "base64");
  }
  return bytes;
}

function checkBody(queue: Queue, message: Message): void {
  if (message.MessageBody === "") throw missingParameter("MessageBody");
  if (!TEXT.test(message.MessageBody)) {
    throw sqsError("InvalidMessageContents", "Invalid characters found in message body.");
  }
  const limit = queue.settings.maximumMessageSize;
  if (bytesOf(message) > limit) {
    throw sqsError(
      "InvalidParameterValue",
      `One or more parameters are invalid. Reason: Message must be shorter than ${limit} bytes.`,
    );
  }
}

function delayOf(queue: Queue, message: Message): number {
  const delay = message.DelaySeconds;
  if (delay === undefined) return queue.settings.delaySeconds;
  if (queue.settings.fifo && delay !== 0) {
    const reason = "The request include parameter that is not valid for this queue type.";
    throw invalidValue("DelaySeconds", delay, reason);
  }
  if (!Number.isInteger(delay) || delay < 0 || delay > MAX_DELAY_SECONDS) {
    const reason = `DelaySeconds must be >= 0 and <= ${MAX_DELAY_SECONDS}.`;
    throw invalidValue("DelaySeconds", delay, reason);
  }
  return delay;
}

function deduplicationIdOf(queue: Queue, message: Message): string | null {
  const given = message.MessageDeduplicationId;
  if (!queue.settings.fifo) {
    if (given === undefined) return null;
    const reason = "The request include parameter that is not valid for this queue type.";
    throw invalidValue("MessageDeduplicationId", given, reason);
  }
  if (message.MessageGroupId === undefined) throw missingParameter("MessageGroupId");
  if (given !== undefined) return given;
  if (queue.settings.contentBasedDeduplication) {
    return createHash("sha256").update(message.MessageBody).digest("hex");
  }
  throw sqsError(
    "InvalidParameterValue",
    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
  );
}

function outgoingOf(service: QueueService, queue: Queue, message: Message): Outgoing {
  checkBody(queue, message);
  const deduplicationId = deduplicationIdOf(queue, message);
  const trace = message.MessageSystemAttributes?.AWSTraceHeader?.StringValue;
  return {
    body: message.MessageBody,
    attributes: JSON.stringify(attributesOf(message)),
    system: {
      SenderId: service.options.accountId,
      ...(deduplicationId === null ? {} : { MessageDeduplicationId: deduplicationId }),
      ...(message.MessageGroupId === undefined ? {} : { MessageGroupId: message.MessageGroupId }),
      ...(trace === undefined ? {} : { AWSTraceHeader: trace }),
    },
    group: message.MessageGroupId ?? null,
    deduplicationId,
    delayMs: delayOf(queue, message) * 1000,
  };
}

function answerOf(queue: Queue, message: Message, accepted: Accepted): Record<string, unknown> {
  const attributes = md5OfAttributes(attributesOf(message));
  return {
    MessageId: accepted.id,
    MD5OfMessageBody: md5(message.MessageBody),
    ...(attributes === undefined ? {} : { MD5OfMessageAttributes: attributes }),
    ...(queue.settings.fifo ? { SequenceNumber: sequenceNumber(accepted.position) } : {}),
  };
}

export const sendMessage: Action = (service, input) => {
  const request = parseInput(sendSchema, input);
  const queue = service.queues.atUrl(request.QueueUrl);
  const outgoing = outgoingOf(service, queue, request);
  const accepted = service.messages.transaction(() => service.messages.send(queue, outgoing));
  service.arrivals.announce(queue);
  return answerOf(queue, request, accepted);
};

export const sendMessageBatch: Action = (service, input) => {
  const request = parseInput(batchSchema, input);
  const queue = service.queues.atUrl(request.QueueUrl);
  checkEntries(request.Entries);
  const bytes = request.Entries.reduce((total, entry) => total + bytesOf(entry), 0);
  if (bytes > MAX_BATCH_BYTES) {
    throw sqsError(
      "BatchRequestTooLong",
      `Batch requests cannot be longer than ${MAX_BATCH_BYTES} bytes. You have sent ${bytes} bytes.`,
    );
  }
  const answer = service.messages.transaction(() =>
    eachEntry(request.Entries, (entry) => {
      const outgoing = outgoingOf(service, queue, entry);
      return answerOf(queue, entry, service.messages.send(queue, outgoing));
    }),
  );
  service.arrivals.announce(queue);
  return answer;
};
