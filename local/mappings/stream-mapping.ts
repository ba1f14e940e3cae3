import type { Clock } from "../../lambdas/core/clock.ts";
import type { DynamoDbService, StreamRecord } from "../aws/services.ts";
import type { InvocationResult } from "../functions/function-pool.ts";
import { judgeBatch, type BatchOutcome } from "./batch-failures.ts";
import type { EventPattern } from "./event-pattern.ts";

/** An event source mapping of a table's stream; times in milliseconds, of the stack's clock. */
export interface StreamMappingSettings {
  streamArn: string;
  functionArn: string;
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
  /** Sequence number of the last record that needs no more attention; durable when `write` returns. */
  checkpoint: { read(): string | undefined; write(sequenceNumber: string): void };
  /** Takes what describes a batch that was given up, as JSON. */
  giveUp(description: string): void;
  now: Clock;
  /** Waits for milliseconds of the stack's clock, or until `signal` aborts. */
  pause(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** Waits for real milliseconds between attempts of a failed batch. */
  backOff(attempt: number, signal: AbortSignal): Promise<void>;
}

/** Lambda's limit of what one invocation may carry. */
const MAX_BATCH_BYTES = 6 * 1024 * 1024;
/** How many records are read at once: an entry may have 400 kB, so a whole batch could be gigabytes. */
const READ_AT_ONCE = 200;

interface Item {
  sequenceNumber: string;
  at: number;
  text: string;
}

interface Read {
  items: Item[];
  /** Sequence number of the last record read, wanted or not. */
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

/** Index of the first record that has to come again; -1 when none has. */
function firstFailed(outcome: BatchOutcome, batch: readonly Item[]): number {
  if (outcome.kind === "succeeded") return -1;
  if (outcome.kind === "failed") return 0;
  return batch.findIndex((item) => outcome.failed.has(item.sequenceNumber));
}

/**
 * Reads one stream in order and hands its records to a function, as Lambda does with a parallelisation factor of 1:
 * the checkpoint moves only past what succeeded, was filtered out or was given up.
 */
export function createStreamMapping(
  settings: StreamMappingSettings,
  dependencies: StreamMappingDependencies,
) {
  const { stream, checkpoint } = dependencies;

  const read = (after: string | undefined): Read => {
    const items: Item[] = [];
    let last = after;
    let bytes = 0;
    while (items.length < settings.batchSize) {
      const wanted = Math.min(READ_AT_ONCE, settings.batchSize - items.length);
      const records = stream.readStream(settings.streamArn, last, wanted);
      for (const record of records) {
        if (settings.wants(record)) {
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
  };

  const attempt = async (batch: readonly Item[]): Promise<{ failed: number; error: string | undefined }> => {
    const result = await dependencies.invoke(`{"Records":[${batch.map((item) => item.text).join(",")}]}`);
    const identifiers = batch.map((item) => item.sequenceNumber);
    const outcome = judgeBatch(result, { reportsFailures: settings.reportsFailures, identifiers });
    return { failed: firstFailed(outcome, batch), error: result.kind === "failed" ? "Unhandled" : undefined };
  };

  const passed = (batch: readonly Item[]): void => {
    const last = batch.at(-1);
    if (last !== undefined) checkpoint.write(last.sequenceNumber);
  };

  /** Ends when the batch has been passed, or without that when the signal aborts. */
  const process = async (whole: readonly Item[], signal: AbortSignal): Promise<void> => {
    let batch = whole;
    let error: string | undefined;
    for (let attempts = 0; !signal.aborted; attempts += 1) {
      const now = dependencies.now();
      const expired = now - (batch[0]?.at ?? now) > settings.maxAgeMs;
      if (expired || attempts > settings.maxRetries) {
        const condition = expired ? "RecordAgeExceeded" : "RetryAttemptsExhausted";
        dependencies.giveUp(describeBatch(settings, batch, { condition, attempts, now, error }));
        passed(batch);
        return;
      }
      const outcome = await attempt(batch);
      error = outcome.error;
      if (outcome.failed === -1) {
        passed(batch);
        return;
      }
      if (signal.aborted) return;
      passed(batch.slice(0, outcome.failed));
      // What failed after progress is a new batch; splitting one uses up no retry either.
      if (outcome.failed > 0) attempts = -1;
      batch = batch.slice(outcome.failed);
      if (outcome.failed === 0 && settings.bisects && batch.length > 1) {
        const middle = Math.ceil(batch.length / 2);
        await process(batch.slice(0, middle), signal);
        batch = batch.slice(middle);
        attempts = -1;
      } else {
        await dependencies.backOff(Math.max(attempts, 0), signal);
      }
    }
  };

  /** Handles what the stream holds now; answers whether that was nothing, or more than one batch holds. */
  const poll = async (signal: AbortSignal): Promise<"nothing" | "some" | "full"> => {
    const after = checkpoint.read();
    let found = read(after);
    if (found.items.length > 0 && !found.full && settings.windowMs > 0) {
      await dependencies.pause(settings.windowMs, signal);
      if (!signal.aborted) found = read(after);
    }
    if (found.items.length > 0) await process(found.items, signal);
    if (!signal.aborted && found.last !== undefined && found.last !== checkpoint.read())
      checkpoint.write(found.last);
    if (found.last === after) return "nothing";
    return found.full ? "full" : "some";
  };

  return { poll };
}
