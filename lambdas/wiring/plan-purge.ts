import { createDynamoClient, createSqsClient } from "../adapters/aws-clients.ts";
import type { Environment } from "../adapters/environment.ts";
import { createPowertoolsLog } from "../adapters/powertools-log.ts";
import { createPurgeTasks } from "../adapters/purge-tasks.ts";
import { createWorkspaceScan } from "../adapters/workspace-scan.ts";
import { ENV } from "../core/base/environment.ts";

export function connectPlanPurge(environment: Environment) {
  return {
    workspaces: createWorkspaceScan(createDynamoClient(), environment.text(ENV.registryTable)),
    tasks: createPurgeTasks(environment.text(ENV.purgeQueueUrl), createSqsClient()),
    log: createPowertoolsLog("plan-purge"),
  };
}
