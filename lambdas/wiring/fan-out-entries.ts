import { createDynamoClient, createSqsClient } from "../adapters/aws-clients.ts";
import { RowShapeError } from "../adapters/dynamo.ts";
import { createEntryStore } from "../adapters/entry-store.ts";
import type { Environment } from "../adapters/environment.ts";
import { createJournalStore } from "../adapters/journal-store.ts";
import { createLaneStore } from "../adapters/lane-store.ts";
import { systemClock } from "../adapters/local-allowance.ts";
import { createPowertoolsLog } from "../adapters/powertools-log.ts";
import { createQuarantineStore } from "../adapters/quarantine-store.ts";
import { ENV } from "../core/base/environment.ts";
import { connectMetrics } from "./metrics.ts";
import { connectWakeUpQueue } from "./wake-up-queue.ts";

export function connectFanOut(environment: Environment) {
  const client = createDynamoClient();
  const metrics = connectMetrics(environment, "fan-out");
  return {
    journal: createJournalStore(client, environment.text(ENV.journalTable)),
    entries: createEntryStore(client, environment.text(ENV.eventsTable)),
    lanes: createLaneStore(client, environment.text(ENV.registryTable)),
    wakeUps: connectWakeUpQueue(environment, createSqsClient()),
    quarantine: createQuarantineStore(client, environment.text(ENV.quarantineTable)),
    clock: systemClock,
    log: createPowertoolsLog("fan-out"),
    metrics,
    isLasting: (error: unknown) => error instanceof RowShapeError,
  };
}
