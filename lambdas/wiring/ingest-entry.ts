import { createDynamoClient } from "../adapters/aws-clients.ts";
import { createEntryStore } from "../adapters/entry-store.ts";
import type { Environment } from "../adapters/environment.ts";
import { systemClock } from "../adapters/local-allowance.ts";
import { createPowertoolsLog } from "../adapters/powertools-log.ts";
import { systemRandom } from "../adapters/system-random.ts";
import { createWorkspaceReader } from "../adapters/workspace-store.ts";
import { ENV } from "../core/base/environment.ts";
import { connectMetrics } from "./metrics.ts";
import { recorderSettings } from "./recorder-settings.ts";

export function connectIngest(environment: Environment) {
  const client = createDynamoClient();
  const metrics = connectMetrics(environment, "ingest");
  return {
    entries: createEntryStore(client, environment.text(ENV.eventsTable)),
    workspaces: createWorkspaceReader(client, environment.text(ENV.registryTable)),
    clock: systemClock,
    random: systemRandom,
    settings: recorderSettings(environment),
    scopePrefix: environment.textOr(ENV.scopePrefix, ""),
    log: createPowertoolsLog("ingest"),
    metrics,
  };
}
