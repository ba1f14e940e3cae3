import {
  createDynamoClient,
  createEventBridgeClient,
  createSecretsClient,
  createSqsClient,
} from "../adapters/aws-clients.ts";
import { createDeliveryLog } from "../adapters/delivery-log.ts";
import { createDestinationReader } from "../adapters/destination-store.ts";
import { createEntryStore } from "../adapters/entry-store.ts";
import type { Environment } from "../adapters/environment.ts";
import { createHttpsSender } from "../adapters/https-sender.ts";
import { createJournalStore } from "../adapters/journal-store.ts";
import { createLaneStore } from "../adapters/lane-store.ts";
import { localAllowance, systemClock } from "../adapters/local-allowance.ts";
import { createOwnerNotices } from "../adapters/owner-bus.ts";
import { createPowertoolsLog } from "../adapters/powertools-log.ts";
import { createNameResolver } from "../adapters/resolver.ts";
import { createSecretReader } from "../adapters/secret-reader.ts";
import { systemRandom } from "../adapters/system-random.ts";
import { createVisibilityExtender } from "../adapters/visibility-extender.ts";
import { createWakeUpQueue } from "../adapters/wake-up-queue.ts";
import { createWorkspaceReader } from "../adapters/workspace-store.ts";
import { ENV } from "../core/base/environment.ts";
import { DEFAULT_RETRY, retrySettingsSchema } from "../core/delivery/retry-schedule.ts";
import { connectMetrics } from "./metrics.ts";
import { recorderSettings } from "./recorder-settings.ts";
import { wakeUpQueueUrls } from "./wake-up-queue.ts";

export function connectDelivery(environment: Environment) {
  const client = createDynamoClient();
  const sqs = createSqsClient();
  const registry = environment.text(ENV.registryTable);
  const urls = wakeUpQueueUrls(environment);
  const entries = createEntryStore(client, environment.text(ENV.eventsTable));
  const metrics = connectMetrics(environment, "deliver");
  const recording = recorderSettings(environment);
  const recorder = { entries, clock: systemClock, random: systemRandom, settings: recording };
  const ports = {
    lanes: createLaneStore(client, registry),
    destinations: createDestinationReader(client, registry),
    workspaces: createWorkspaceReader(client, registry),
    journal: createJournalStore(client, environment.text(ENV.journalTable)),
    entries,
    deliveries: createDeliveryLog(client, environment.text(ENV.deliveriesTable)),
    secrets: createSecretReader(createSecretsClient(), systemClock),
    sender: createHttpsSender({ resolver: createNameResolver(), allowance: localAllowance() }),
    wakeUps: createWakeUpQueue(urls, systemRandom, sqs),
    notices: createOwnerNotices(environment.text(ENV.ownerBus), recorder, createEventBridgeClient()),
    clock: systemClock,
    random: systemRandom,
    log: createPowertoolsLog("deliver"),
    metrics,
    settings: {
      ...recording,
      retry: environment.jsonOr(ENV.retry, retrySettingsSchema, DEFAULT_RETRY),
      logDays: environment.number(ENV.deliveryLogDays),
      version: environment.textOr(ENV.version, "dev"),
    },
  };
  return { ports, visibility: createVisibilityExtender(urls, sqs), metrics };
}
