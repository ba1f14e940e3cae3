import { createDynamoClient } from "./adapters/aws-clients.ts";
import { createEntryPoint } from "./adapters/entry-point.ts";
import { createEntryStore } from "./adapters/entry-store.ts";
import { callerOf, createHttpHandler, type HttpHandler, jsonAnswer } from "./adapters/http-api.ts";
import { systemClock } from "./adapters/local-allowance.ts";
import { createPowertoolsLog } from "./adapters/powertools-log.ts";
import { createPowertoolsMetrics, publishing } from "./adapters/powertools-metrics.ts";
import { recorderSettings } from "./adapters/recorder-settings.ts";
import { systemRandom } from "./adapters/system-random.ts";
import { createWorkspaceReader } from "./adapters/workspace-store.ts";
import { authorise } from "./core/api/caller.ts";
import { ENV } from "./core/base/environment.ts";
import type { Log, Metrics } from "./core/base/log.ts";
import { METRIC } from "./core/base/metric-names.ts";
import { problems } from "./core/base/problem.ts";
import { type Recorder, recordEntry } from "./core/entry/record-entry.ts";
import { readRecordRequest } from "./core/entry/record-request.ts";
import type { WorkspaceReader } from "./core/workspace/workspace-store.ts";

export interface IngestDependencies extends Recorder {
  workspaces: WorkspaceReader;
  scopePrefix: string;
  log: Log;
  metrics: Metrics;
}

/** `POST /v1/workspaces/{ws}/events`: one request becomes one durable entry, or nothing. 202 means durable. */
export function createIngestHandler(dependencies: IngestDependencies): HttpHandler {
  const { workspaces, scopePrefix, log, metrics } = dependencies;
  return createHttpHandler(async (request) => {
    const workspace = request.parameters["ws"] ?? "";
    const refusal = authorise(callerOf(request, scopePrefix), workspace, "events:write");
    if (refusal !== undefined) return refusal;
    const read = readRecordRequest(request);
    if (!read.ok) return read.problem;
    const row = await workspaces.readWorkspace(workspace);
    if (row === undefined) return problems.unknownWorkspace();
    if (row.endedAt !== undefined) return problems.workspaceEnded();
    const result = await recordEntry({ ...read.asked, workspace: row, trace: request.trace }, dependencies);
    if (!result.ok) return result.problem;
    const { entry, events, bytes, duplicate } = result.recorded;
    if (!duplicate) metrics.count(METRIC.eventsRecorded, events.length);
    log.info("entry.recorded", {
      workspace,
      entry,
      count: events.length,
      bytes,
      outcome: duplicate ? "duplicate" : "recorded",
      ...(request.trace !== undefined && { trace: request.trace }),
    });
    return jsonAnswer(202, { entry, duplicate, events: events.map((id) => ({ id })) });
  }, log);
}

export const handler = createEntryPoint((environment) => {
  const client = createDynamoClient();
  const metrics = createPowertoolsMetrics("ingest");
  return publishing(
    metrics,
    createIngestHandler({
      entries: createEntryStore(client, environment.text(ENV.eventsTable)),
      workspaces: createWorkspaceReader(client, environment.text(ENV.registryTable)),
      clock: systemClock,
      random: systemRandom,
      settings: recorderSettings(environment),
      scopePrefix: environment.textOr(ENV.scopePrefix, ""),
      log: createPowertoolsLog("ingest"),
      metrics,
    }),
  );
});
