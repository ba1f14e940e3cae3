import { createDynamoClient } from "./adapters/aws-clients.ts";
import { createEntryPoint } from "./adapters/entry-point.ts";
import { createPowertoolsLog } from "./adapters/powertools-log.ts";
import { createPurgeTasks, type PurgeTasks } from "./adapters/purge-tasks.ts";
import { createWorkspaceScan, type WorkspaceScan } from "./adapters/workspace-scan.ts";
import { ENV } from "./core/base/environment.ts";
import type { Log } from "./core/base/log.ts";

export interface PlanPurgeDependencies {
  workspaces: WorkspaceScan;
  tasks: PurgeTasks;
  log: Log;
}

/**
 * Runs once a day and requests a purge of every workspace, including ended ones. One task for each, so that a failing
 * one holds up no other.
 */
export function createPlanPurgeHandler({
  workspaces,
  tasks,
  log,
}: PlanPurgeDependencies): () => Promise<void> {
  return async () => {
    let count = 0;
    for await (const ids of workspaces.all()) {
      await tasks.add(ids);
      count += ids.length;
    }
    log.info("purge.planned", { count });
  };
}

export const handler = createEntryPoint((environment) =>
  createPlanPurgeHandler({
    workspaces: createWorkspaceScan(createDynamoClient(), environment.text(ENV.registryTable)),
    tasks: createPurgeTasks(environment.text(ENV.purgeQueueUrl)),
    log: createPowertoolsLog("plan-purge"),
  }),
);
