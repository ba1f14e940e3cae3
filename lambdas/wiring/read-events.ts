import { createDynamoClient, createLambdaClient, createS3Client } from "../adapters/aws-clients.ts";
import { createEntryStore } from "../adapters/entry-store.ts";
import type { Environment } from "../adapters/environment.ts";
import { createEventDeliveries } from "../adapters/event-deliveries.ts";
import { createExportParts, createExportRows, createExportStarter } from "../adapters/export-store.ts";
import { createReading } from "../adapters/journal-reading.ts";
import { createJournalStore } from "../adapters/journal-store.ts";
import { systemClock } from "../adapters/local-allowance.ts";
import { createPowertoolsLog } from "../adapters/powertools-log.ts";
import { systemRandom } from "../adapters/system-random.ts";
import { createWorkspaceReader } from "../adapters/workspace-store.ts";
import { ENV } from "../core/base/environment.ts";
import { recorderSettings } from "./recorder-settings.ts";

export function connectReading(environment: Environment) {
  const client = createDynamoClient();
  const registry = environment.text(ENV.registryTable);
  const journalTable = environment.text(ENV.journalTable);
  const journal = createJournalStore(client, journalTable);
  const entries = createEntryStore(client, environment.text(ENV.eventsTable));
  const { plans, shards, eventTypePrefix } = recorderSettings(environment);
  return {
    workspaces: createWorkspaceReader(client, registry),
    scopePrefix: environment.textOr(ENV.scopePrefix, ""),
    log: createPowertoolsLog("read-events"),
    reading: createReading(client, journalTable, journal, entries),
    entries,
    journal,
    deliveriesOf: createEventDeliveries({
      client,
      registry,
      deliveries: environment.text(ENV.deliveriesTable),
      eventTypePrefix,
      clock: systemClock,
    }),
    rows: createExportRows(client, registry),
    parts: createExportParts(createS3Client(), environment.text(ENV.exportBucket)),
    starter: createExportStarter(createLambdaClient(), environment.text(ENV.exportFunction)),
    random: systemRandom,
    clock: systemClock,
    plans,
    shards,
  };
}
