import * as z from "zod";
import { showSettings } from "../queue-attributes.ts";
import type { Queue } from "../queue-store.ts";
import type { QueueService } from "../queue-service.ts";
import { noSuchQueue, sqsError } from "../sqs-error.ts";
import { parseInput, type Action } from "./action.ts";

const texts = z.record(z.string(), z.string());
const urlSchema = z.strictObject({ QueueUrl: z.string() });
const createSchema = z.strictObject({
  QueueName: z.string(),
  Attributes: texts.optional(),
  tags: texts.optional(),
});
const nameSchema = z.strictObject({ QueueName: z.string(), QueueOwnerAWSAccountId: z.string().optional() });
const listSchema = z.strictObject({
  QueueNamePrefix: z.string().optional(),
  MaxResults: z.number().optional(),
  NextToken: z.string().optional(),
});
const getSchema = z.strictObject({ QueueUrl: z.string(), AttributeNames: z.array(z.string()).optional() });
const setSchema = z.strictObject({ QueueUrl: z.string(), Attributes: texts });

/** API reference: one PurgeQueue every 60 seconds. */
const PURGE_INTERVAL_MS = 60_000;

export const createQueue: Action = (service, input) => {
  const { QueueName: name, Attributes: attributes = {} } = parseInput(createSchema, input);
  const existing = service.queues.find(name);
  if (existing !== undefined) {
    const shown = showSettings(existing.settings);
    const different = Object.entries(attributes).find(([key, value]) => shown[key] !== value);
    if (different === undefined) return { QueueUrl: service.queues.urlOf(existing) };
    throw sqsError(
      "QueueNameExists",
      `A queue already exists with the same name and a different value for attribute ${different[0]}`,
    );
  }
  return service.messages.transaction(() => {
    const queue = service.queues.create(name, attributes);
    try {
      service.queues.checkRedrive(queue);
    } catch (error) {
      service.queues.remove(queue);
      throw error;
    }
    return { QueueUrl: service.queues.urlOf(queue) };
  });
};

export const deleteQueue: Action = (service, input) => {
  const queue = service.queues.atUrl(parseInput(urlSchema, input).QueueUrl);
  service.messages.clear(queue);
  service.queues.remove(queue);
  return {};
};

export const getQueueUrl: Action = (service, input) => {
  const queue = service.queues.find(parseInput(nameSchema, input).QueueName);
  if (queue === undefined) throw noSuchQueue();
  return { QueueUrl: service.queues.urlOf(queue) };
};

export const listQueues: Action = (service, input) => {
  const prefix = parseInput(listSchema, input).QueueNamePrefix ?? "";
  const found = service.queues.all().filter(({ name }) => name.startsWith(prefix));
  return { QueueUrls: found.map((queue) => service.queues.urlOf(queue)) };
};

export const listDeadLetterSourceQueues: Action = (service, input) => {
  const queue = service.queues.atUrl(parseInput(urlSchema, input).QueueUrl);
  return { queueUrls: service.queues.sourcesOf(queue).map((source) => service.queues.urlOf(source)) };
};

function allAttributes(service: QueueService, queue: Queue): Record<string, string> {
  const counts = service.messages.messages.counts(queue.id, service.options.clock());
  return {
    QueueArn: queue.arn,
    CreatedTimestamp: String(Math.floor(queue.createdAt / 1000)),
    LastModifiedTimestamp: String(Math.floor(queue.modifiedAt / 1000)),
    ApproximateNumberOfMessages: String(counts.visible),
    ApproximateNumberOfMessagesNotVisible: String(counts.inFlight),
    ApproximateNumberOfMessagesDelayed: String(counts.delayed),
    ...showSettings(queue.settings),
  };
}

export const getQueueAttributes: Action = (service, input) => {
  const { QueueUrl: url, AttributeNames: names = [] } = parseInput(getSchema, input);
  const queue = service.queues.atUrl(url);
  service.messages.expire(queue);
  const all = allAttributes(service, queue);
  const wanted = Object.entries(all).filter(([name]) => names.includes("All") || names.includes(name));
  return wanted.length === 0 ? {} : { Attributes: Object.fromEntries(wanted) };
};

export const setQueueAttributes: Action = (service, input) => {
  const { QueueUrl: url, Attributes: changes } = parseInput(setSchema, input);
  const queue = service.queues.atUrl(url);
  const before = queue.attributes;
  const after = { ...before, ...changes };
  if (after["RedrivePolicy"] === "") delete after["RedrivePolicy"];
  service.queues.replaceAttributes(queue, after);
  try {
    service.queues.checkRedrive(queue);
  } catch (error) {
    service.queues.replaceAttributes(queue, before);
    throw error;
  }
  return {};
};

export const purgeQueue: Action = (service, input) => {
  const queue = service.queues.atUrl(parseInput(urlSchema, input).QueueUrl);
  const { database, clock } = service.options;
  const row = database.prepare("SELECT purged_at FROM sqs_queue WHERE id = ?").get(queue.id);
  const purgedAt = row?.["purged_at"] ?? null;
  if (purgedAt !== null && clock() - Number(purgedAt) < PURGE_INTERVAL_MS) {
    throw sqsError(
      "PurgeQueueInProgress",
      `Only one PurgeQueue operation on ${queue.name} is allowed every 60 seconds.`,
    );
  }
  service.messages.clear(queue);
  database.prepare("UPDATE sqs_queue SET purged_at = ? WHERE id = ?").run(clock(), queue.id);
  return {};
};
