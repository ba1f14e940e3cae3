import * as z from "zod/mini";
import { createDynamoClient } from "./adapters/aws-clients.ts";
import { createEntryPoint } from "./adapters/entry-point.ts";
import { createJournalStore } from "./adapters/journal-store.ts";
import { createDueLanes, createLaneScan } from "./adapters/lane-search.ts";
import { systemClock } from "./adapters/local-allowance.ts";
import { createPowertoolsLog } from "./adapters/powertools-log.ts";
import { createPowertoolsMetrics, publishing } from "./adapters/powertools-metrics.ts";
import { createQuarantineCount } from "./adapters/quarantine-count.ts";
import { connectWakeUpQueue } from "./adapters/wake-up-queue.ts";
import { createWorkspaceReader } from "./adapters/workspace-store.ts";
import { plansSchema } from "./core/workspace/entitlement.ts";
import { ENV } from "./core/base/environment.ts";
import { sweepBehind, sweepDue, type SweepPorts } from "./core/lane/sweep.ts";

const sweepEventSchema = z.object({ scope: z.enum(["due", "behind"]) });

/** Rings the lanes that are due, or those that are behind. */
export function createSweepHandler(ports: SweepPorts): (event: unknown, context: unknown) => Promise<void> {
  return async (event) => {
    const { scope } = sweepEventSchema.parse(event);
    await (scope === "due" ? sweepDue(ports) : sweepBehind(ports));
  };
}

export const handler = createEntryPoint((environment) => {
  const client = createDynamoClient();
  const registry = environment.text(ENV.registryTable);
  const metrics = createPowertoolsMetrics("sweep");
  return publishing(
    metrics,
    createSweepHandler({
      due: createDueLanes(client, registry),
      scan: createLaneScan(client, registry),
      journal: createJournalStore(client, environment.text(ENV.journalTable)),
      quarantine: createQuarantineCount(client, environment.text(ENV.quarantineTable)),
      workspaces: createWorkspaceReader(client, registry),
      plans: environment.json(ENV.plans, plansSchema),
      wakeUps: connectWakeUpQueue(environment),
      clock: systemClock,
      log: createPowertoolsLog("sweep"),
      metrics,
    }),
  );
});
