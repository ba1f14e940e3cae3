import { createDynamoClient, createSqsClient } from "../adapters/aws-clients.ts";
import { RowShapeError } from "../adapters/dynamo.ts";
import { createEntryExtender } from "../adapters/entry-extender.ts";
import { createEntryStore } from "../adapters/entry-store.ts";
import type { Environment } from "../adapters/environment.ts";
import { createJournalStore } from "../adapters/journal-store.ts";
import { createLaneStore } from "../adapters/lane-store.ts";
import { systemClock } from "../adapters/local-allowance.ts";
import { createPowertoolsLog } from "../adapters/powertools-log.ts";
import { createQuarantineStore } from "../adapters/quarantine-store.ts";
import { createWorkspaceReader } from "../adapters/workspace-store.ts";
import { ENV } from "../core/base/environment.ts";
import { plansSchema } from "../core/workspace/entitlement.ts";
import { retentionSettingsSchema } from "../core/workspace/retention.ts";
import { connectWakeUpQueue } from "./wake-up-queue.ts";

export function connectRedrive(environment: Environment) {
  const client = createDynamoClient();
  const events = environment.text(ENV.eventsTable);
  const registry = environment.text(ENV.registryTable);
  return {
    journal: createJournalStore(client, environment.text(ENV.journalTable)),
    entries: createEntryStore(client, events),
    lanes: createLaneStore(client, registry),
    retention: {
      workspaces: createWorkspaceReader(client, registry),
      plans: environment.json(ENV.plans, plansSchema),
      settings: environment.json(ENV.retention, retentionSettingsSchema),
      extendEntry: createEntryExtender(client, events),
    },
    wakeUps: connectWakeUpQueue(environment, createSqsClient()),
    quarantine: createQuarantineStore(client, environment.text(ENV.quarantineTable)),
    clock: systemClock,
    log: createPowertoolsLog("redrive"),
    isLasting: (error: unknown) => error instanceof RowShapeError,
  };
}
