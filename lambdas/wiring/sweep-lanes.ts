import { createDynamoClient, createSqsClient } from "../adapters/aws-clients.ts";
import type { Environment } from "../adapters/environment.ts";
import { createJournalStore } from "../adapters/journal-store.ts";
import { createDueLanes, createLaneScan } from "../adapters/lane-search.ts";
import { systemClock } from "../adapters/local-allowance.ts";
import { createPowertoolsLog } from "../adapters/powertools-log.ts";
import { createQuarantineCount } from "../adapters/quarantine-count.ts";
import { createWorkspaceReader } from "../adapters/workspace-store.ts";
import { ENV } from "../core/base/environment.ts";
import { plansSchema } from "../core/workspace/entitlement.ts";
import { connectMetrics } from "./metrics.ts";
import { connectWakeUpQueue } from "./wake-up-queue.ts";

export function connectSweep(environment: Environment) {
  const client = createDynamoClient();
  const registry = environment.text(ENV.registryTable);
  const metrics = connectMetrics(environment, "sweep");
  return {
    due: createDueLanes(client, registry),
    scan: createLaneScan(client, registry),
    journal: createJournalStore(client, environment.text(ENV.journalTable)),
    quarantine: createQuarantineCount(client, environment.text(ENV.quarantineTable)),
    workspaces: createWorkspaceReader(client, registry),
    plans: environment.json(ENV.plans, plansSchema),
    wakeUps: connectWakeUpQueue(environment, createSqsClient()),
    clock: systemClock,
    log: createPowertoolsLog("sweep"),
    metrics,
  };
}
