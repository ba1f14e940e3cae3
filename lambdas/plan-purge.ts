import { type PurgeTasks } from "./adapters/purge-tasks.ts";
import { type WorkspaceScan } from "./adapters/workspace-scan.ts";
import type { Log } from "./core/base/log.ts";
import { createEntryPoint, type LambdaHandler } from "./pipeline/entry-point.ts";
import { ANY_EVENT, createEventHandler } from "./pipeline/event-handler.ts";
import { connectPlanPurge } from "./wiring/plan-purge.ts";

export interface PlanPurgeDependencies {
  workspaces: WorkspaceScan;
  tasks: PurgeTasks;
  log: Log;
}

/**
 * Runs once a day and requests a purge of every workspace, including ended ones, with one task for each, so that a
 * failing task does not hold up the others.
 */
export function createPlanPurgeHandler({
  workspaces,
  tasks,
  log,
}: PlanPurgeDependencies): LambdaHandler<void> {
  return createEventHandler(ANY_EVENT, async () => {
    let count = 0;
    for await (const ids of workspaces.all()) {
      await tasks.add(ids);
      count += ids.length;
    }
    log.info("purge.planned", { count });
  });
}

export const handler = createEntryPoint(connectPlanPurge, createPlanPurgeHandler);
