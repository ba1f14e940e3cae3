import * as z from "zod";
import { md5, md5OfAttributes } from "../message-md5.ts";
import type { StoredMessage } from "../message-store.ts";
import { readTexts } from "../queue-attributes.ts";
import { receiptHandleOf } from "../receipt-handle.ts";
import type { MessageAttribute, ReceivedMessage } from "../sqs-service.ts";

const storedAttributes = z.record(
  z.string(),
  z.union([
    z.object({ dataType: z.string(), stringValue: z.string() }),
    z.object({ dataType: z.string(), binaryValue: z.string() }),
  ]),
);

/** The 20-digit sequence number of a FIFO queue. As text it sorts in the order of sending. */
export function sequenceNumber(position: number): string {
  return `1${String(position).padStart(19, "0")}`;
}

function systemAttributes(message: StoredMessage): Record<string, string> {
  const system = readTexts(message.system);
  return {
    ...system,
    ApproximateReceiveCount: String(message.receiveCount),
    SentTimestamp: String(message.sentAt),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt ?? message.sentAt),
    ...(system["MessageDeduplicationId"] === undefined
      ? {}
      : { SequenceNumber: sequenceNumber(message.position) }),
  };
}

/** A received message with all of its attributes. */
export function viewMessage(message: StoredMessage): ReceivedMessage {
  return {
    messageId: message.id,
    receiptHandle: receiptHandleOf(message),
    body: message.body,
    md5OfBody: md5(message.body),
    attributes: systemAttributes(message),
    messageAttributes: storedAttributes.parse(JSON.parse(message.attributes)),
  };
}

/** The system and message attributes that the caller requested. */
export interface Selection {
  system: readonly string[];
  /** Names, `All`, or `prefix.*`. */
  message: readonly string[];
}

function isWanted(wanted: readonly string[], name: string): boolean {
  return wanted.some((each) => {
    if (each === "All" || each === ".*") return true;
    return each.endsWith(".*") ? name.startsWith(each.slice(0, -2)) : each === name;
  });
}

function showAttribute(attribute: MessageAttribute): Record<string, unknown> {
  const { dataType, stringValue, binaryValue } = attribute;
  return {
    DataType: dataType,
    ...(stringValue === undefined ? {} : { StringValue: stringValue }),
    ...(binaryValue === undefined ? {} : { BinaryValue: binaryValue }),
  };
}

function pick<T>(record: Readonly<Record<string, T>>, wanted: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => isWanted(wanted, name)));
}

/** A message as `ReceiveMessage` returns it. */
export function showMessage(message: StoredMessage, selection: Selection): Record<string, unknown> {
  const view = viewMessage(message);
  const system = pick(view.attributes, selection.system);
  const attributes = pick(view.messageAttributes, selection.message);
  const digest = md5OfAttributes(attributes);
  const shown = Object.entries(attributes).map(([name, value]) => [name, showAttribute(value)] as const);
  return {
    MessageId: view.messageId,
    ReceiptHandle: view.receiptHandle,
    Body: view.body,
    MD5OfBody: view.md5OfBody,
    ...(Object.keys(system).length === 0 ? {} : { Attributes: system }),
    ...(digest === undefined
      ? {}
      : { MessageAttributes: Object.fromEntries(shown), MD5OfMessageAttributes: digest }),
  };
}
