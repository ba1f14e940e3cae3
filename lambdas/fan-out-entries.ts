import type { DynamoDBBatchResponse } from "aws-lambda";
import type { PublishedMetrics } from "./adapters/powertools-metrics.ts";
import { fanOut, type FanOutDependencies } from "./core/fan-out/fan-out.ts";
import { readStreamRecord, streamEventSchema } from "./core/fan-out/stream-record.ts";
import { createEntryPoint, type LambdaHandler } from "./pipeline/entry-point.ts";
import { createEventHandler } from "./pipeline/event-handler.ts";
import { connectFanOut } from "./wiring/fan-out-entries.ts";

export interface FanOutEntriesDependencies extends FanOutDependencies {
  metrics: PublishedMetrics;
}

/**
 * Journals the stream records of new entries and wakes the lanes. Reports the lowest record that must be delivered
 * again.
 */
export function createFanOutHandler(
  dependencies: FanOutEntriesDependencies,
): LambdaHandler<DynamoDBBatchResponse> {
  return createEventHandler(
    streamEventSchema,
    async ({ Records }) => {
      const batch = Records.filter(({ eventName }) => eventName === "INSERT").map(readStreamRecord);
      const failed = await fanOut(batch, dependencies);
      const again = failed === undefined ? undefined : batch[failed];
      return {
        batchItemFailures: again === undefined ? [] : [{ itemIdentifier: again.sequenceNumber }],
      };
    },
    dependencies,
  );
}

export const handler = createEntryPoint(connectFanOut, createFanOutHandler);
