import { AwsError, type ReceivedMessage, type SqsService } from "../aws/services.ts";
import type { InvocationResult } from "../functions/function-pool.ts";
import { judgeBatch } from "./batch-failures.ts";
import type { EventPattern } from "./event-pattern.ts";

/** An event source mapping of a queue. */
export interface QueueMappingSettings {
  queueArn: string;
  region: string;
  batchSize: number;
  /** Invocations at once. */
  concurrency: number;
  reportsFailures: boolean;
  wants: EventPattern;
}

export interface QueueMappingDependencies {
  queue: Pick<SqsService, "receive" | "deleteMessage">;
  invoke(event: string): Promise<InvocationResult>;
  /** Told of messages when they were received and, if they stay in the queue, when they failed. */
  holds: {
    visibilitySeconds(): number | undefined;
    received(receiptHandle: string): void;
    ended(receiptHandle: string, failed: boolean): void;
  };
}

const LONG_POLL_SECONDS = 20;
/** SQS hands out at most so many at once. */
const RECEIVE_LIMIT = 10;

function recordOf(message: ReceivedMessage, settings: QueueMappingSettings): object {
  return {
    messageId: message.messageId,
    receiptHandle: message.receiptHandle,
    body: message.body,
    attributes: message.attributes,
    messageAttributes: message.messageAttributes,
    md5OfBody: message.md5OfBody,
    eventSource: "aws:sqs",
    eventSourceARN: settings.queueArn,
    awsRegion: settings.region,
  };
}

/** What a filter sees of a message: its body as JSON when it is. */
function filtered(record: object, body: string): unknown {
  try {
    return { ...record, body: JSON.parse(body) };
  } catch {
    return record;
  }
}

/**
 * Receives messages and hands them to a function: what succeeded is deleted, what failed stays invisible until its
 * visibility runs out, as with Lambda. Order within a group is the queue's doing.
 */
export function createQueueMapping(settings: QueueMappingSettings, dependencies: QueueMappingDependencies) {
  const { queue, holds } = dependencies;
  let running = 0;
  let freed: (() => void) | undefined;

  const finish = (message: ReceivedMessage, failed: boolean): void => {
    try {
      if (!failed) queue.deleteMessage(settings.queueArn, message.receiptHandle);
      holds.ended(message.receiptHandle, failed);
    } catch (error) {
      // Its visibility ran out while the function was at work: it is somebody else's now, and comes again.
      if (!(error instanceof AwsError)) throw error;
    }
  };

  const handle = async (messages: readonly ReceivedMessage[]): Promise<void> => {
    const records = messages.map((message) => ({ message, record: recordOf(message, settings) }));
    const wanted = records.filter(({ message, record }) => settings.wants(filtered(record, message.body)));
    for (const { message } of records) holds.received(message.receiptHandle);
    for (const unwanted of records.filter((one) => !wanted.includes(one))) finish(unwanted.message, false);
    if (wanted.length === 0) return;
    const result = await dependencies.invoke(JSON.stringify({ Records: wanted.map(({ record }) => record) }));
    const outcome = judgeBatch(result, {
      reportsFailures: settings.reportsFailures,
      identifiers: wanted.map(({ message }) => message.messageId),
    });
    for (const { message } of wanted) {
      const failed =
        outcome.kind === "failed" || (outcome.kind === "items" && outcome.failed.has(message.messageId));
      finish(message, failed);
    }
  };

  const track = async (messages: readonly ReceivedMessage[]): Promise<void> => {
    running += 1;
    try {
      await handle(messages);
    } finally {
      running -= 1;
      freed?.();
    }
  };

  const slot = (): Promise<void> =>
    new Promise((resolve) => {
      freed = resolve;
    });

  /** Runs until the signal aborts and what it started has ended. */
  const run = async (signal: AbortSignal): Promise<void> => {
    const maxMessages = Math.min(settings.batchSize, RECEIVE_LIMIT);
    const started = new Set<Promise<void>>();
    while (!signal.aborted) {
      if (running >= settings.concurrency) await slot();
      const messages = await queue.receive(settings.queueArn, {
        maxMessages,
        waitSeconds: LONG_POLL_SECONDS,
        visibilitySeconds: holds.visibilitySeconds(),
        signal,
      });
      if (messages.length === 0) continue;
      const work = track(messages);
      started.add(work);
      void work.finally(() => started.delete(work));
    }
    await Promise.all(started);
  };

  return { run, running: () => running };
}
