import type { Clock } from "../clock.ts";
import type { DynamoDbService, StreamRecord } from "../aws/services.ts";
import type { InvocationResult } from "../functions/function-pool.ts";
import { judgeBatch, type BatchOutcome } from "./batch-failures.ts";
import type { EventPattern } from "./event-pattern.ts";

/** An event source mapping of a table's stream. Times are in milliseconds of the stack's clock. */
export interface StreamMappingSettings {
  streamArn: string;
  functionArn: string;
  /** Whether the mapping skips records that were in the stream when it was first started. */
  startsAtLatest: boolean;
  batchSize: number;
  windowMs: number;
  bisects: boolean;
  reportsFailures: boolean;
  /** `Infinity` retries until the record is too old. */
  maxRetries: number;
  maxAgeMs: number;
  wants: EventPattern;
}

export interface StreamMappingDependencies {
  stream: Pick<DynamoDbService, "readStream">;
  invoke(event: string): Promise<InvocationResult>;
  /** Sequence number of the last record that is finished. It is durable once `write` has returned. */
  checkpoint: { read(): string | undefined; write(sequenceNumber: string): void };
  /** Called with a description of each discarded batch, as JSON. */
  giveUp(description: string): void;
  now: Clock;
  /** Waits for milliseconds of the stack's clock, or until `signal` aborts. */
  pause(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** Waits for real time between attempts of a failed batch. */
  backOff(attempt: number, signal: AbortSignal): Promise<void>;
}

/** Lambda's limit for the payload of one invocation. */
const MAX_BATCH_BYTES = 6 * 1024 * 1024;
/** Number of records read at once. A record may have 400 kB, so that a whole batch could have gigabytes. */
const READ_AT_ONCE = 200;

interface Item {
  sequenceNumber: string;
  at: number;
  text: string;
}

interface Read {
  items: Item[];
  /** Sequence number of the last record that was read, whether or not the filter matched it. */
  last: string | undefined;
  full: boolean;
}

function itemOf(record: StreamRecord): Item {
  return {
    sequenceNumber: record.dynamodb.SequenceNumber,
    at: record.dynamodb.ApproximateCreationDateTime * 1000,
    text: JSON.stringify(record),
  };
}

function describeBatch(
  settings: StreamMappingSettings,
  batch: readonly Item[],
  reason: { condition: string; attempts: number; now: number; error: string | undefined },
): string {
  const [first, last] = [batch[0], batch.at(-1)];
  return JSON.stringify({
    requestContext: {
      functionArn: settings.functionArn,
      condition: reason.condition,
      approximateInvokeCount: reason.attempts,
    },
    responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: reason.error },
    version: "1.0",
    timestamp: new Date(reason.now).toISOString(),
    DDBStreamBatchInfo: {
      shardId: "shardId-local",
      startSequenceNumber: first?.sequenceNumber,
      endSequenceNumber: last?.sequenceNumber,
      approximateArrivalOfFirstRecord: new Date(first?.at ?? 0).toISOString(),
      approximateArrivalOfLastRecord: new Date(last?.at ?? 0).toISOString(),
      batchSize: batch.length,
      streamArn: settings.streamArn,
    },
  });
}

/** Index of the first record that must be processed again; -1 if there is none. */
function firstFailed(outcome: BatchOutcome, batch: readonly Item[]): number {
  if (outcome.kind === "succeeded") return -1;
  if (outcome.kind === "failed") return 0;
  return batch.findIndex((item) => outcome.failed.has(item.sequenceNumber));
}

/**
 * Reads one stream in order and passes its records to a function, as Lambda does with a parallelisation factor of 1.
 * The checkpoint only passes records that succeeded, did not match the filter or were discarded.
 */
export class StreamMapping {
  readonly #settings: StreamMappingSettings;
  readonly #dependencies: StreamMappingDependencies;

  constructor(settings: StreamMappingSettings, dependencies: StreamMappingDependencies) {
    this.#settings = settings;
    this.#dependencies = dependencies;
  }

  /**
   * Processes the current records of the stream. Returns whether there were none, some, or as many as a batch holds.
   */
  async poll(signal: AbortSignal): Promise<"nothing" | "some" | "full"> {
    const { checkpoint, pause } = this.#dependencies;
    const { windowMs } = this.#settings;
    const after = checkpoint.read();
    let found = this.#read(after);
    if (found.items.length > 0 && !found.full && windowMs > 0) {
      await pause(windowMs, signal);
      if (!signal.aborted) found = this.#read(after);
    }
    if (found.items.length > 0) await this.#process(found.items, signal);
    if (!signal.aborted && found.last !== undefined && found.last !== checkpoint.read()) {
      checkpoint.write(found.last);
    }
    if (found.last === after) return "nothing";
    return found.full ? "full" : "some";
  }

  #read(after: string | undefined): Read {
    const { streamArn, batchSize, wants } = this.#settings;
    const items: Item[] = [];
    let last = after;
    let bytes = 0;
    while (items.length < batchSize) {
      const wanted = Math.min(READ_AT_ONCE, batchSize - items.length);
      const records = this.#dependencies.stream.readStream(streamArn, last, wanted);
      for (const record of records) {
        if (wants(record)) {
          const item = itemOf(record);
          bytes += item.text.length;
          if (items.length > 0 && bytes > MAX_BATCH_BYTES) return { items, last, full: true };
          items.push(item);
        }
        last = record.dynamodb.SequenceNumber;
      }
      if (records.length < wanted) return { items, last, full: false };
    }
    return { items, last, full: true };
  }

  /** Ends when all records of the batch are finished, or earlier if the signal aborts. */
  async #process(whole: readonly Item[], signal: AbortSignal): Promise<void> {
    let batch = whole;
    let error: string | undefined;
    for (let attempts = 0; !signal.aborted; attempts += 1) {
      if (this.#givesUp(batch, attempts, error)) return;
      const outcome = await this.#attempt(batch);
      error = outcome.error;
      if (outcome.failed === -1) {
        this.#pass(batch);
        return;
      }
      if (signal.aborted) return;
      this.#pass(batch.slice(0, outcome.failed));
      batch = batch.slice(outcome.failed);
      // After progress the remaining records count as a new batch, and splitting a batch does not use up retries
      // either.
      if (outcome.failed > 0) attempts = -1;
      if (outcome.failed === 0 && this.#settings.bisects && batch.length > 1) {
        const middle = Math.ceil(batch.length / 2);
        await this.#process(batch.slice(0, middle), signal);
        batch = batch.slice(middle);
        attempts = -1;
      } else {
        await this.#dependencies.backOff(Math.max(attempts, 0), signal);
      }
    }
  }

  async #attempt(batch: readonly Item[]): Promise<{ failed: number; error: string | undefined }> {
    const records = batch.map((item) => item.text).join(",");
    const result = await this.#dependencies.invoke(`{"Records":[${records}]}`);
    const outcome = judgeBatch(result, {
      reportsFailures: this.#settings.reportsFailures,
      identifiers: batch.map((item) => item.sequenceNumber),
    });
    return { failed: firstFailed(outcome, batch), error: result.kind === "failed" ? "Unhandled" : undefined };
  }

  /** Discards a batch that is too old or was tried too often, and reports it. */
  #givesUp(batch: readonly Item[], attempts: number, error: string | undefined): boolean {
    const { maxAgeMs, maxRetries } = this.#settings;
    const now = this.#dependencies.now();
    const isExpired = now - (batch[0]?.at ?? now) > maxAgeMs;
    if (!isExpired && attempts <= maxRetries) return false;
    const condition = isExpired ? "RecordAgeExceeded" : "RetryAttemptsExhausted";
    this.#dependencies.giveUp(describeBatch(this.#settings, batch, { condition, attempts, now, error }));
    this.#pass(batch);
    return true;
  }

  #pass(batch: readonly Item[]): void {
    const last = batch.at(-1);
    if (last !== undefined) this.#dependencies.checkpoint.write(last.sequenceNumber);
  }
}
