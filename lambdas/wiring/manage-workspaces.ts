import {
  createDynamoClient,
  createLambdaClient,
  createSecretsClient,
  createSqsClient,
} from "../adapters/aws-clients.ts";
import { createDeliveryTester, TEST_EVENT_PATIENCE } from "../adapters/deliver-invoker.ts";
import { createDeliveryLog, createDeliveryLogReader } from "../adapters/delivery-log.ts";
import { createEntryStore } from "../adapters/entry-store.ts";
import type { Environment } from "../adapters/environment.ts";
import { createJournalStore } from "../adapters/journal-store.ts";
import { localAllowance, systemClock } from "../adapters/local-allowance.ts";
import { createPowertoolsLog } from "../adapters/powertools-log.ts";
import { createPurgeTasks } from "../adapters/purge-tasks.ts";
import { createRegistryReader } from "../adapters/registry-reader.ts";
import { createRegistryWriter } from "../adapters/registry-writer.ts";
import { createSecretStore } from "../adapters/secret-store.ts";
import { systemRandom } from "../adapters/system-random.ts";
import { ENV } from "../core/base/environment.ts";
import { retentionSettingsSchema } from "../core/workspace/retention.ts";
import type { ManageDependencies } from "../manage/dependencies.ts";
import { recorderSettings } from "./recorder-settings.ts";
import { connectWakeUpQueue } from "./wake-up-queue.ts";

export function connectManagement(environment: Environment): ManageDependencies {
  const dynamo = createDynamoClient();
  const sqs = createSqsClient();
  const registry = environment.text(ENV.registryTable);
  const events = environment.text(ENV.eventsTable);
  const upgradeUrl = environment.textOr(ENV.upgradeUrl, "");
  return {
    registry: {
      ...createRegistryReader(dynamo, registry),
      ...createRegistryWriter(dynamo, { registry, events }),
    },
    secrets: createSecretStore(createSecretsClient()),
    journal: createJournalStore(dynamo, environment.text(ENV.journalTable)),
    entries: createEntryStore(dynamo, events),
    wakeUps: connectWakeUpQueue(environment, sqs),
    purgeTasks: createPurgeTasks(environment.text(ENV.purgeQueueUrl), sqs),
    deliveries: createDeliveryLogReader(dynamo, environment.text(ENV.deliveriesTable)),
    deliveryLog: createDeliveryLog(dynamo, environment.text(ENV.deliveriesTable)),
    tester: createDeliveryTester(
      createLambdaClient(TEST_EVENT_PATIENCE),
      environment.text(ENV.deliverFunction),
    ),
    allowance: localAllowance(),
    settings: {
      ...recorderSettings(environment),
      retention: environment.json(ENV.retention, retentionSettingsSchema),
      upgradeUrl: upgradeUrl === "" ? undefined : upgradeUrl,
      secretPrefix: environment.text(ENV.secretPrefix),
      deliveryLogDays: environment.number(ENV.deliveryLogDays),
      scopePrefix: environment.textOr(ENV.scopePrefix, ""),
    },
    clock: systemClock,
    random: systemRandom,
    log: createPowertoolsLog("manage"),
  };
}
