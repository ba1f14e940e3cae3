import { createDynamoClient, createLambdaClient, createS3Client } from "../adapters/aws-clients.ts";
import { createEntryStore } from "../adapters/entry-store.ts";
import type { Environment } from "../adapters/environment.ts";
import { createExportParts, createExportRows, createExportStarter } from "../adapters/export-store.ts";
import { createReading } from "../adapters/journal-reading.ts";
import { createJournalStore } from "../adapters/journal-store.ts";
import { systemClock } from "../adapters/local-allowance.ts";
import { createPowertoolsLog } from "../adapters/powertools-log.ts";
import { systemRandom } from "../adapters/system-random.ts";
import { createWorkspaceReader } from "../adapters/workspace-store.ts";
import { ENV } from "../core/base/environment.ts";
import { plansSchema } from "../core/workspace/entitlement.ts";

export function connectExport(environment: Environment) {
  const client = createDynamoClient();
  const registry = environment.text(ENV.registryTable);
  const journalTable = environment.text(ENV.journalTable);
  const journal = createJournalStore(client, journalTable);
  const entries = createEntryStore(client, environment.text(ENV.eventsTable));
  return {
    run: {
      workspaces: createWorkspaceReader(client, registry),
      rows: createExportRows(client, registry),
      parts: createExportParts(createS3Client(), environment.text(ENV.exportBucket)),
      reading: createReading(client, journalTable, journal, entries),
      plans: environment.json(ENV.plans, plansSchema),
      clock: systemClock,
      random: systemRandom,
    },
    starter: createExportStarter(createLambdaClient(), environment.text("AWS_LAMBDA_FUNCTION_NAME")),
    log: createPowertoolsLog("export"),
  };
}
