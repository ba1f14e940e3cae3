import { AwsError, type ReceivedMessage, type SqsService } from "../aws/services.ts";
import type { InvocationResult } from "../functions/function-pool.ts";
import { judgeBatch } from "./batch-failures.ts";
import type { EventPattern } from "./event-pattern.ts";

/** An event source mapping of a queue. */
export interface QueueMappingSettings {
  queueArn: string;
  region: string;
  batchSize: number;
  /** Maximum number of concurrent invocations. */
  concurrency: number;
  reportsFailures: boolean;
  wants: EventPattern;
}

export interface QueueMappingDependencies {
  queue: Pick<SqsService, "receive" | "deleteMessage">;
  invoke(event: string): Promise<InvocationResult>;
  /** Called for messages when they were received and when they were processed. */
  holds: {
    visibilitySeconds(): number | undefined;
    received(receiptHandle: string): void;
    ended(receiptHandle: string, failed: boolean): void;
  };
  /** Called with a fault in a batch, because nobody waits for the batch. Its messages are received again. */
  onFault(error: unknown): void;
}

const LONG_POLL_SECONDS = 20;
/** SQS returns at most this many messages at once. */
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

/** What a filter is applied to: the record of a message, with its body parsed if that is JSON. */
function filtered(record: object, body: string): unknown {
  try {
    return { ...record, body: JSON.parse(body) };
  } catch {
    return record;
  }
}

/**
 * Receives messages and passes them to a function. Successful messages are deleted and failed ones stay invisible until
 * their visibility ends, as with Lambda. The queue itself keeps the order within a group.
 */
export class QueueMapping {
  readonly #settings: QueueMappingSettings;
  readonly #dependencies: QueueMappingDependencies;
  readonly #started = new Set<Promise<void>>();
  #freed: (() => void) | undefined;

  constructor(settings: QueueMappingSettings, dependencies: QueueMappingDependencies) {
    this.#settings = settings;
    this.#dependencies = dependencies;
  }

  /** Number of batches being processed. */
  running(): number {
    return this.#started.size;
  }

  /** Runs until the signal aborts and the invocations that it started have ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { queueArn, batchSize, concurrency } = this.#settings;
    const { queue, holds } = this.#dependencies;
    while (!signal.aborted) {
      if (this.#started.size >= concurrency) await this.#slot();
      const messages = await queue.receive(queueArn, {
        maxMessages: Math.min(batchSize, RECEIVE_LIMIT),
        waitSeconds: LONG_POLL_SECONDS,
        visibilitySeconds: holds.visibilitySeconds(),
        signal,
      });
      if (messages.length > 0) this.#track(messages);
    }
    await Promise.all(this.#started);
  }

  #slot(): Promise<void> {
    return new Promise((resolve) => {
      this.#freed = resolve;
    });
  }

  #track(messages: readonly ReceivedMessage[]): void {
    const work = this.#handle(messages)
      .catch(this.#dependencies.onFault)
      .finally(() => {
        this.#started.delete(work);
        this.#freed?.();
      });
    this.#started.add(work);
  }

  async #handle(messages: readonly ReceivedMessage[]): Promise<void> {
    const { wants, reportsFailures } = this.#settings;
    const records = messages.map((message) => ({ message, record: recordOf(message, this.#settings) }));
    const wanted = records.filter(({ message, record }) => wants(filtered(record, message.body)));
    for (const { message } of records) this.#dependencies.holds.received(message.receiptHandle);
    for (const one of records) if (!wanted.includes(one)) this.#finish(one.message, false);
    if (wanted.length === 0) return;
    const event = JSON.stringify({ Records: wanted.map(({ record }) => record) });
    const outcome = judgeBatch(await this.#dependencies.invoke(event), {
      reportsFailures,
      identifiers: wanted.map(({ message }) => message.messageId),
    });
    for (const { message } of wanted) {
      const isReported = outcome.kind === "items" && outcome.failed.has(message.messageId);
      this.#finish(message, outcome.kind === "failed" || isReported);
    }
  }

  #finish(message: ReceivedMessage, failed: boolean): void {
    try {
      if (!failed) this.#dependencies.queue.deleteMessage(this.#settings.queueArn, message.receiptHandle);
      this.#dependencies.holds.ended(message.receiptHandle, failed);
    } catch (error) {
      // The visibility has ended meanwhile: another consumer may have the message, which is received again.
      if (!(error instanceof AwsError)) throw error;
    }
  }
}
