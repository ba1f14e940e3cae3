import type { Context } from "aws-lambda";
import { createDynamoClient } from "./adapters/aws-clients.ts";
import { RowShapeError } from "./adapters/dynamo.ts";
import { createEntryExtender } from "./adapters/entry-extender.ts";
import { createEntryPoint } from "./adapters/entry-point.ts";
import { createEntryStore } from "./adapters/entry-store.ts";
import { createJournalStore } from "./adapters/journal-store.ts";
import { createLaneStore } from "./adapters/lane-store.ts";
import { systemClock } from "./adapters/local-allowance.ts";
import { createPowertoolsLog } from "./adapters/powertools-log.ts";
import { createQuarantineStore } from "./adapters/quarantine-store.ts";
import { connectWakeUpQueue } from "./adapters/wake-up-queue.ts";
import { createWorkspaceReader } from "./adapters/workspace-store.ts";
import { plansSchema } from "./core/workspace/entitlement.ts";
import { ENV } from "./core/base/environment.ts";
import { type RedriveDependencies, type Redriven, redriveQuarantine } from "./core/fan-out/redrive.ts";
import { retentionSettingsSchema } from "./core/workspace/retention.ts";

// A row in hand is finished before the function's time is.
const RESERVE_MS = 5_000;

/** Invoked by the command line; answers what became of the rows in quarantine. Call again while `remaining`. */
export function createRedriveHandler(
  dependencies: Omit<RedriveDependencies, "hasTime">,
): (event: unknown, context: Pick<Context, "getRemainingTimeInMillis">) => Promise<Redriven> {
  return (_event, context) =>
    redriveQuarantine({
      ...dependencies,
      hasTime: () => context.getRemainingTimeInMillis() > RESERVE_MS,
    });
}

export const handler = createEntryPoint((environment) => {
  const client = createDynamoClient();
  const events = environment.text(ENV.eventsTable);
  const registry = environment.text(ENV.registryTable);
  return createRedriveHandler({
    journal: createJournalStore(client, environment.text(ENV.journalTable)),
    entries: createEntryStore(client, events),
    lanes: createLaneStore(client, registry),
    retention: {
      workspaces: createWorkspaceReader(client, registry),
      plans: environment.json(ENV.plans, plansSchema),
      settings: environment.json(ENV.retention, retentionSettingsSchema),
      extendEntry: createEntryExtender(client, events),
    },
    wakeUps: connectWakeUpQueue(environment),
    quarantine: createQuarantineStore(client, environment.text(ENV.quarantineTable)),
    clock: systemClock,
    log: createPowertoolsLog("redrive"),
    isLasting: (error) => error instanceof RowShapeError,
  });
});
