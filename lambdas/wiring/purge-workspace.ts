import { setTimeout } from "node:timers/promises";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  createDynamoClient,
  createSecretsClient,
  createSqsClient,
  createEventBridgeClient,
} from "../adapters/aws-clients.ts";
import { createDestinationReader } from "../adapters/destination-store.ts";
import { createEntryStore } from "../adapters/entry-store.ts";
import type { Environment } from "../adapters/environment.ts";
import { createJournalStore } from "../adapters/journal-store.ts";
import { systemClock } from "../adapters/local-allowance.ts";
import { createOwnerEvents } from "../adapters/owner-bus.ts";
import { createPowertoolsLog } from "../adapters/powertools-log.ts";
import { createPurgeStore } from "../adapters/purge-store.ts";
import { createPurgeTasks } from "../adapters/purge-tasks.ts";
import { createRegistryReader } from "../adapters/registry-reader.ts";
import { createRegistryWriter } from "../adapters/registry-writer.ts";
import { createSecretStore } from "../adapters/secret-store.ts";
import { systemRandom } from "../adapters/system-random.ts";
import { createWorkspaceReader } from "../adapters/workspace-store.ts";
import { ENV } from "../core/base/environment.ts";
import { createPlanNotice } from "../core/retention/plan-notice.ts";
import { createPurgeNotices, type PurgeNoticeDependencies } from "../core/retention/purge-notices.ts";
import { cleanUpWorkspace } from "../core/retention/clean-up-workspace.ts";
import { DEFAULT_RETENTION, retentionSettingsSchema } from "../core/workspace/retention.ts";
import { connectMetrics } from "./metrics.ts";
import { recorderSettings } from "./recorder-settings.ts";

/** Announces undelivered events that are about to expire, in the workspace's log and on the event bus. */
function connectOwners(
  client: DynamoDBClient,
  environment: Environment,
): Pick<PurgeNoticeDependencies, "destinations" | "events"> {
  return {
    destinations: createDestinationReader(client, environment.text(ENV.registryTable)),
    events: createOwnerEvents(environment.text(ENV.ownerBus), createEventBridgeClient()),
  };
}

export function connectPurge(environment: Environment) {
  const client = createDynamoClient();
  const log = createPowertoolsLog("purge");
  const metrics = connectMetrics(environment, "purge");
  const registry = environment.text(ENV.registryTable);
  const events = environment.text(ENV.eventsTable);
  const journal = environment.text(ENV.journalTable);
  const receipts = environment.text(ENV.receiptsTable);
  const workspaces = createWorkspaceReader(client, registry);
  const settings = recorderSettings(environment);
  const ambient = { clock: systemClock, random: systemRandom, settings };
  const recorder = { entries: createEntryStore(client, events), ...ambient };
  const purge = {
    journal: createJournalStore(client, journal),
    store: createPurgeStore(client, { events, journal, registry, receipts }),
    workspaces,
    plans: settings.plans,
    settings: environment.jsonOr(ENV.retention, retentionSettingsSchema, DEFAULT_RETENTION),
    clock: systemClock,
    pause: (milliseconds: number) => setTimeout(milliseconds),
    ...createPlanNotice(recorder),
    ...createPurgeNotices({ workspaces, ...connectOwners(client, environment), recorder, log, metrics }),
  };
  const cleaningUp = {
    registry: {
      ...createRegistryReader(client, registry),
      ...createRegistryWriter(client, { registry, events }),
    },
    secrets: createSecretStore(createSecretsClient()),
    ...ambient,
    log,
  };
  const cleanUp = (workspace: string): Promise<void> => cleanUpWorkspace(workspace, cleaningUp);
  const tasks = createPurgeTasks(environment.text(ENV.purgeQueueUrl), createSqsClient());
  return { purge, cleanUp, tasks, log, metrics };
}
