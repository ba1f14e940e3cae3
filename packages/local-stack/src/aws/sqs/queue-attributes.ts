import * as z from "zod";
import { invalidValue, sqsError } from "./sqs-error.ts";

/** Where messages go after `maxReceiveCount` receives. */
export interface RedrivePolicy {
  deadLetterTargetArn: string;
  maxReceiveCount: number;
}

/** A queue's settings, with the defaults of `CreateQueue`. Times are in seconds. */
export interface QueueSettings {
  fifo: boolean;
  visibilityTimeout: number;
  delaySeconds: number;
  retention: number;
  maximumMessageSize: number;
  receiveWait: number;
  redrive: RedrivePolicy | null;
  contentBasedDeduplication: boolean;
  deduplicationScope: "queue" | "messageGroup";
  throughputLimit: "perQueue" | "perMessageGroupId";
}

/** API reference, `CreateQueue`: the ranges of integer attributes. */
const RANGES = {
  VisibilityTimeout: [0, 43_200, 30],
  DelaySeconds: [0, 900, 0],
  MessageRetentionPeriod: [60, 1_209_600, 345_600],
  MaximumMessageSize: [1024, 1_048_576, 1_048_576],
  ReceiveMessageWaitTimeSeconds: [0, 20, 0],
} as const;
const OTHERS = [
  "FifoQueue",
  "ContentBasedDeduplication",
  "DeduplicationScope",
  "FifoThroughputLimit",
  "RedrivePolicy",
] as const;
/** Accepted, but without effect on a single machine. */
const WITHOUT_EFFECT = [
  "RedriveAllowPolicy",
  "KmsMasterKeyId",
  "KmsDataKeyReusePeriodSeconds",
  "SqsManagedSseEnabled",
  "Policy",
] as const;
const KNOWN: ReadonlySet<string> = new Set([...Object.keys(RANGES), ...OTHERS, ...WITHOUT_EFFECT]);

/** The properties of `AWS::SQS::Queue`. */
export const QUEUE_PROPERTIES = {
  effective: ["QueueName", ...Object.keys(RANGES), ...OTHERS],
  withoutEffect: [...WITHOUT_EFFECT, "Tags"],
} as const;

const redriveSchema = z.object({
  deadLetterTargetArn: z.string(),
  maxReceiveCount: z.coerce.number().int().min(1).max(1000),
});

/** Attributes as in the API, where all values are text. */
export type AttributeTexts = Readonly<Record<string, string>>;
const textsSchema = z.record(z.string(), z.string());

/** Reads attributes that were stored as JSON. */
export function readTexts(json: string): Record<string, string> {
  return textsSchema.parse(JSON.parse(json));
}

function readNumber(attributes: AttributeTexts, name: keyof typeof RANGES): number {
  const [low, high, standard] = RANGES[name];
  const text = attributes[name];
  if (text === undefined) return standard;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < low || value > high) {
    throw sqsError("InvalidAttributeValue", `Invalid value for the parameter ${name}.`);
  }
  return value;
}

function readFlag(attributes: AttributeTexts, name: string): boolean {
  const text = attributes[name] ?? "false";
  if (text !== "true" && text !== "false") {
    throw sqsError("InvalidAttributeValue", `Invalid value for the parameter ${name}.`);
  }
  return text === "true";
}

function readChoice<T extends string>(
  attributes: AttributeTexts,
  name: string,
  choices: readonly [T, ...T[]],
): T {
  const text = attributes[name] ?? choices[0];
  const choice = choices.find((each) => each === text);
  if (choice === undefined) {
    throw sqsError("InvalidAttributeValue", `Invalid value for the parameter ${name}.`);
  }
  return choice;
}

function readRedrive(text: string | undefined): RedrivePolicy | null {
  if (text === undefined || text === "") return null;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalidValue("RedrivePolicy", text, "Redrive policy is not a valid JSON map.");
  }
  const parsed = redriveSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw invalidValue(
    "RedrivePolicy",
    text,
    "Redrive policy needs deadLetterTargetArn and a maxReceiveCount from 1 to 1000.",
  );
}

function checkType(name: string, settings: QueueSettings, attributes: AttributeTexts): void {
  if (settings.fifo !== name.endsWith(".fifo")) {
    throw sqsError(
      "InvalidParameterValue",
      settings.fifo
        ? "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length."
        : "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
    );
  }
  const fifoOnly = ["ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"];
  const misplaced = settings.fifo ? undefined : fifoOnly.find((each) => attributes[each] !== undefined);
  if (misplaced !== undefined) throw sqsError("InvalidAttributeName", `Unknown Attribute ${misplaced}.`);
  if (settings.throughputLimit === "perMessageGroupId" && settings.deduplicationScope !== "messageGroup") {
    throw sqsError(
      "InvalidAttributeValue",
      "The perMessageGroupId value of FifoThroughputLimit is allowed only when DeduplicationScope is messageGroup.",
    );
  }
}

/** Reads the attributes of a queue. Throws for an attribute that SQS does not have. */
export function readSettings(name: string, attributes: AttributeTexts): QueueSettings {
  const unknown = Object.keys(attributes).find((each) => !KNOWN.has(each));
  if (unknown !== undefined) throw sqsError("InvalidAttributeName", `Unknown Attribute ${unknown}.`);
  const settings: QueueSettings = {
    fifo: readFlag(attributes, "FifoQueue"),
    visibilityTimeout: readNumber(attributes, "VisibilityTimeout"),
    delaySeconds: readNumber(attributes, "DelaySeconds"),
    retention: readNumber(attributes, "MessageRetentionPeriod"),
    maximumMessageSize: readNumber(attributes, "MaximumMessageSize"),
    receiveWait: readNumber(attributes, "ReceiveMessageWaitTimeSeconds"),
    redrive: readRedrive(attributes["RedrivePolicy"]),
    contentBasedDeduplication: readFlag(attributes, "ContentBasedDeduplication"),
    deduplicationScope: readChoice(attributes, "DeduplicationScope", ["queue", "messageGroup"]),
    throughputLimit: readChoice(attributes, "FifoThroughputLimit", ["perQueue", "perMessageGroupId"]),
  };
  checkType(name, settings, attributes);
  return settings;
}

/** The settings as `GetQueueAttributes` returns them. */
export function showSettings(settings: QueueSettings): Record<string, string> {
  return {
    VisibilityTimeout: String(settings.visibilityTimeout),
    DelaySeconds: String(settings.delaySeconds),
    MessageRetentionPeriod: String(settings.retention),
    MaximumMessageSize: String(settings.maximumMessageSize),
    ReceiveMessageWaitTimeSeconds: String(settings.receiveWait),
    ...(settings.redrive === null ? {} : { RedrivePolicy: JSON.stringify(settings.redrive) }),
    ...(settings.fifo
      ? {
          FifoQueue: "true",
          ContentBasedDeduplication: String(settings.contentBasedDeduplication),
          DeduplicationScope: settings.deduplicationScope,
          FifoThroughputLimit: settings.throughputLimit,
        }
      : {}),
  };
}

/** Template properties as attribute texts: `true` becomes `"true"`, and a policy its JSON. Tags are left out. */
export function attributesOfTemplate(properties: Record<string, unknown>): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(properties)) {
    if (name === "QueueName" || name === "Tags" || value === undefined) continue;
    texts[name] = typeof value === "object" ? JSON.stringify(value) : String(value);
  }
  return texts;
}
