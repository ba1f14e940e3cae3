import type { Context, SQSBatchResponse } from "aws-lambda";
import * as z from "zod/mini";
import type { PublishedMetrics } from "./adapters/powertools-metrics.ts";
import type { PurgeTasks } from "./adapters/purge-tasks.ts";
import type { Log } from "./core/base/log.ts";
import { METRIC } from "./core/base/metric-names.ts";
import { type PurgeDependencies, runPurge } from "./core/retention/run-purge.ts";
import { createEntryPoint, type LambdaHandler } from "./pipeline/entry-point.ts";
import { createEventHandler } from "./pipeline/event-handler.ts";
import { connectPurge } from "./wiring/purge-workspace.ts";

export interface PurgeWorkspaceDependencies {
  purge: Omit<PurgeDependencies, "hasTime">;
  /** Cleans up orphans of unfinished requests. */
  cleanUp(workspace: string): Promise<void>;
  tasks: PurgeTasks;
  log: Log;
  metrics: PublishedMetrics;
}

/**
 * Reserved at the end of an invocation, because a claimed page of 100 entries of 64 KiB takes about 6,500 write units
 * and one partition key has 1,000 a second.
 */
const RESERVE_MS = 30_000;

const taskEventSchema = z.object({
  Records: z.array(z.object({ messageId: z.string(), body: z.string() })),
});
type TaskEvent = z.infer<typeof taskEventSchema>;
const taskSchema = z.object({ workspace: z.string() });

/**
 * Runs purge tasks: everything that retention requires of a workspace today. What does not fit into the invocation
 * becomes another task.
 */
export function createPurgeWorkspaceHandler(
  dependencies: PurgeWorkspaceDependencies,
): LambdaHandler<SQSBatchResponse> {
  const { purge, cleanUp, tasks, log, metrics } = dependencies;
  const handle = async (event: TaskEvent, context: Context): Promise<SQSBatchResponse> => {
    const batchItemFailures: SQSBatchResponse["batchItemFailures"] = [];
    const hasTime = (): boolean => context.getRemainingTimeInMillis() > RESERVE_MS;
    for (const { messageId, body } of event.Records) {
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
  return createEventHandler(taskEventSchema, handle, dependencies);
}

export const handler = createEntryPoint(connectPurge, createPurgeWorkspaceHandler);
