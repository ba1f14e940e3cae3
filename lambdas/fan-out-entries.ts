import type { Context, DynamoDBBatchResponse } from "aws-lambda";
import { createDynamoClient } from "./adapters/aws-clients.ts";
import { RowShapeError } from "./adapters/dynamo.ts";
import { createEntryPoint } from "./adapters/entry-point.ts";
import { createEntryStore } from "./adapters/entry-store.ts";
import { createJournalStore } from "./adapters/journal-store.ts";
import { createLaneStore } from "./adapters/lane-store.ts";
import { systemClock } from "./adapters/local-allowance.ts";
import { createPowertoolsLog } from "./adapters/powertools-log.ts";
import { createPowertoolsMetrics, publishing } from "./adapters/powertools-metrics.ts";
import { createQuarantineStore } from "./adapters/quarantine-store.ts";
import { connectWakeUpQueue } from "./adapters/wake-up-queue.ts";
import { ENV } from "./core/base/environment.ts";
import { fanOut, type FanOutDependencies } from "./core/fan-out/fan-out.ts";
import { readStreamRecord, streamEventSchema } from "./core/fan-out/stream-record.ts";

/** Stream records of new entries → pages of the journal and rings. Reports the lowest record that must come again. */
export function createFanOutHandler(
  dependencies: FanOutDependencies,
): (event: unknown, context: Context) => Promise<DynamoDBBatchResponse> {
  return async (event) => {
    const { Records } = streamEventSchema.parse(event);
    const batch = Records.filter(({ eventName }) => eventName === "INSERT").map(readStreamRecord);
    const failed = await fanOut(batch, dependencies);
    const again = failed === undefined ? undefined : batch[failed];
    return {
      batchItemFailures: again === undefined ? [] : [{ itemIdentifier: again.sequenceNumber }],
    };
  };
}

export const handler = createEntryPoint((environment) => {
  const client = createDynamoClient();
  const metrics = createPowertoolsMetrics("fan-out");
  return publishing(
    metrics,
    createFanOutHandler({
      journal: createJournalStore(client, environment.text(ENV.journalTable)),
      entries: createEntryStore(client, environment.text(ENV.eventsTable)),
      lanes: createLaneStore(client, environment.text(ENV.registryTable)),
      wakeUps: connectWakeUpQueue(environment),
      quarantine: createQuarantineStore(client, environment.text(ENV.quarantineTable)),
      clock: systemClock,
      log: createPowertoolsLog("fan-out"),
      metrics,
      isLasting: (error) => error instanceof RowShapeError,
    }),
  );
});
