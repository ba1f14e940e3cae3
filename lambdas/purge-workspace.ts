import { setTimeout } from "node:timers/promises";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Context, SQSBatchResponse } from "aws-lambda";
import * as z from "zod/mini";
import { createDestinationReader } from "./adapters/destination-store.ts";
import { createDynamoClient, createSecretsClient } from "./adapters/aws-clients.ts";
import { createEntryPoint, type Environment } from "./adapters/entry-point.ts";
import { createEntryStore } from "./adapters/entry-store.ts";
import { createJournalStore } from "./adapters/journal-store.ts";
import { systemClock } from "./adapters/local-allowance.ts";
import { createOwnerEvents } from "./adapters/owner-bus.ts";
import { createPowertoolsLog } from "./adapters/powertools-log.ts";
import { createPowertoolsMetrics, publishing } from "./adapters/powertools-metrics.ts";
import { createPurgeStore } from "./adapters/purge-store.ts";
import { createPurgeTasks, type PurgeTasks } from "./adapters/purge-tasks.ts";
import { recorderSettings } from "./adapters/recorder-settings.ts";
import { createRegistryReader } from "./adapters/registry-reader.ts";
import { createRegistryWriter } from "./adapters/registry-writer.ts";
import { createSecretStore } from "./adapters/secret-store.ts";
import { systemRandom } from "./adapters/system-random.ts";
import { createWorkspaceReader } from "./adapters/workspace-store.ts";
import { ENV } from "./core/base/environment.ts";
import type { Log, Metrics } from "./core/base/log.ts";
import { METRIC } from "./core/base/metric-names.ts";
import { createPlanNotice } from "./core/retention/plan-notice.ts";
import { createPurgeNotices, type PurgeNoticeDependencies } from "./core/retention/purge-notices.ts";
import { DEFAULT_RETENTION, retentionSettingsSchema } from "./core/workspace/retention.ts";
import { type PurgeDependencies, runPurge } from "./core/retention/run-purge.ts";
import { cleanUpWorkspace } from "./core/retention/clean-up-workspace.ts";

export interface PurgeWorkspaceDependencies {
  purge: Omit<PurgeDependencies, "hasTime">;
  /** Ends what requests left half-done. */
  cleanUp(workspace: string): Promise<void>;
  tasks: PurgeTasks;
  log: Log;
  metrics: Metrics;
}

/**
 * The end of an invocation that is kept free: a claimed page of 100 entries of 64 KiB takes about 6,500 write units, of which a table's
 * key has 1,000 a second.
 */
const RESERVE_MS = 30_000;

const taskEventSchema = z.object({
  Records: z.array(z.object({ messageId: z.string(), body: z.string() })),
});
const taskSchema = z.object({ workspace: z.string() });

/** One purge task: what retention asks of a workspace today. What does not fit into the invocation becomes another task. */
export function createPurgeWorkspaceHandler(
  dependencies: PurgeWorkspaceDependencies,
): (event: unknown, context: Pick<Context, "getRemainingTimeInMillis">) => Promise<SQSBatchResponse> {
  const { purge, cleanUp, tasks, log, metrics } = dependencies;
  return async (event, context) => {
    const batchItemFailures: SQSBatchResponse["batchItemFailures"] = [];
    const hasTime = (): boolean => context.getRemainingTimeInMillis() > RESERVE_MS;
    for (const { messageId, body } of taskEventSchema.parse(event).Records) {
      const { workspace } = taskSchema.parse(JSON.parse(body));
      try {
        const outcome = await runPurge(workspace, { ...purge, hasTime });
        if (outcome === "unfinished") await tasks.add([workspace]);
        await cleanUp(workspace);
        log.info("purge.ran", { workspace, outcome });
      } catch (error) {
        metrics.count(METRIC.purgeFailures);
        log.error("purge.failed", { workspace }, error);
        batchItemFailures.push({ itemIdentifier: messageId });
      }
    }
    return { batchItemFailures };
  };
}

/** Who is told what is about to expire, beside the workspace's own log. */
function connectOwners(
  client: DynamoDBClient,
  environment: Environment,
): Pick<PurgeNoticeDependencies, "destinations" | "events"> {
  return {
    destinations: createDestinationReader(client, environment.text(ENV.registryTable)),
    events: createOwnerEvents(environment.text(ENV.ownerBus)),
  };
}

export const handler = createEntryPoint((environment) => {
  const client = createDynamoClient();
  const log = createPowertoolsLog("purge");
  const metrics = createPowertoolsMetrics("purge");
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
  const tasks = createPurgeTasks(environment.text(ENV.purgeQueueUrl));
  return publishing(metrics, createPurgeWorkspaceHandler({ purge, cleanUp, tasks, log, metrics }));
});
