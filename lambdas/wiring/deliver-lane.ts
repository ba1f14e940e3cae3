import { ENV } from "../core/base/environment.ts";
import type { LanePorts } from "../core/lane/lane-ports.ts";
import { DEFAULT_RETRY, retrySettingsSchema } from "../core/delivery/retry-schedule.ts";
import type { TestPorts } from "../core/delivery/send-test-event.ts";
import { createDynamoClient, createSecretsClient, createSqsClient } from "./aws-clients.ts";
import { createDeliveryLog } from "./delivery-log.ts";
import { createDestinationReader } from "./destination-store.ts";
import type { Environment } from "./entry-point.ts";
import { createEntryStore } from "./entry-store.ts";
import { createHttpsSender } from "./https-sender.ts";
import { createJournalStore } from "./journal-store.ts";
import { createLaneStore } from "./lane-store.ts";
import { localAllowance, systemClock } from "./local-allowance.ts";
import { createOwnerNotices } from "./owner-bus.ts";
import { createPowertoolsLog } from "./powertools-log.ts";
import { createPowertoolsMetrics, type PublishedMetrics } from "./powertools-metrics.ts";
import { recorderSettings } from "./recorder-settings.ts";
import { createNameResolver } from "./resolver.ts";
import { createVisibilityExtender, type VisibilityExtender } from "./visibility-extender.ts";
import { createWakeUpQueue } from "./wake-up-queue.ts";
import { createSecretReader } from "./secret-reader.ts";
import { systemRandom } from "./system-random.ts";
import { createWorkspaceReader } from "./workspace-store.ts";

/** All that the delivery function touches, as its environment names it. */
export function connectLanePorts(environment: Environment): {
  ports: LanePorts & TestPorts;
  visibility: VisibilityExtender;
  metrics: PublishedMetrics;
} {
  const client = createDynamoClient();
  const sqs = createSqsClient();
  const registry = environment.text(ENV.registryTable);
  const urls = {
    quick: environment.text(ENV.wakeUpQueueUrl),
    slow: environment.text(ENV.slowWakeUpQueueUrl),
  };
  const entries = createEntryStore(client, environment.text(ENV.eventsTable));
  const metrics = createPowertoolsMetrics("deliver");
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
    notices: createOwnerNotices(environment.text(ENV.ownerBus), recorder),
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
