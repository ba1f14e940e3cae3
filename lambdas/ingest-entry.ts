import { callerOf, jsonAnswer } from "./adapters/http-api.ts";
import type { PublishedMetrics } from "./adapters/powertools-metrics.ts";
import { authorise } from "./core/api/caller.ts";
import type { Log } from "./core/base/log.ts";
import { METRIC } from "./core/base/metric-names.ts";
import { problems } from "./core/base/problem.ts";
import { type Recorder, recordEntry } from "./core/entry/record-entry.ts";
import { readRecordRequest } from "./core/entry/record-request.ts";
import type { WorkspaceReader } from "./core/workspace/workspace-store.ts";
import { createEntryPoint } from "./pipeline/entry-point.ts";
import { createHttpHandler, type HttpHandler } from "./pipeline/http-handler.ts";
import { connectIngest } from "./wiring/ingest-entry.ts";

export interface IngestDependencies extends Recorder {
  workspaces: WorkspaceReader;
  scopePrefix: string;
  log: Log;
  metrics: PublishedMetrics;
}

/**
 * `POST /v1/workspaces/{ws}/events`: one request becomes one entry, or nothing. The entry is durable before the 202.
 */
export function createIngestHandler(dependencies: IngestDependencies): HttpHandler {
  const { workspaces, scopePrefix, metrics } = dependencies;
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
    request.log.info("entry.recorded", {
      entry,
      count: events.length,
      bytes,
      outcome: duplicate ? "duplicate" : "recorded",
    });
    return jsonAnswer(202, { entry, duplicate, events: events.map((id) => ({ id })) });
  }, dependencies);
}

export const handler = createEntryPoint(connectIngest, createIngestHandler);
