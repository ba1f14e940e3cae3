import { createDynamoClient, createLambdaClient, createS3Client } from "./adapters/aws-clients.ts";
import { createEntryPoint, type Environment } from "./adapters/entry-point.ts";
import { createEntryStore } from "./adapters/entry-store.ts";
import { createExportParts, createExportRows, createExportStarter } from "./adapters/export-store.ts";
import {
  callerOf,
  createHttpHandler,
  type HttpHandler,
  type HttpRequest,
  type HttpAnswer,
} from "./adapters/http-api.ts";
import { createEventDeliveries } from "./adapters/event-deliveries.ts";
import { createReading } from "./adapters/journal-reading.ts";
import { createJournalStore } from "./adapters/journal-store.ts";
import { systemClock } from "./adapters/local-allowance.ts";
import { createPowertoolsLog } from "./adapters/powertools-log.ts";
import { recorderSettings } from "./adapters/recorder-settings.ts";
import { systemRandom } from "./adapters/system-random.ts";
import { createWorkspaceReader } from "./adapters/workspace-store.ts";
import { authorise } from "./core/api/caller.ts";
import type { Workspace } from "./core/workspace/entitlement.ts";
import { ENV } from "./core/base/environment.ts";
import type { Log } from "./core/base/log.ts";
import { type Problem, problems } from "./core/base/problem.ts";
import type { WorkspaceReader } from "./core/workspace/workspace-store.ts";
import { exportDirectly } from "./reading/export-events-directly.ts";
import { listEvents } from "./reading/list-events.ts";
import { createExport, type ExportsDependencies, listExports, readExport } from "./reading/manage-exports.ts";
import { readEvent, type ReadEventDependencies } from "./reading/read-event.ts";

export interface ReadEventsDependencies extends ExportsDependencies, ReadEventDependencies {
  workspaces: WorkspaceReader;
  scopePrefix: string;
  log: Log;
}

type ReadRoute = (
  workspace: Workspace,
  request: HttpRequest,
  dependencies: ReadEventsDependencies,
) => Promise<HttpAnswer | Problem>;

const WORKSPACE = "/v1/workspaces/{ws}";
const ROUTES: Readonly<Record<string, ReadRoute>> = {
  [`GET ${WORKSPACE}/events`]: listEvents,
  [`GET ${WORKSPACE}/events/export`]: exportDirectly,
  [`GET ${WORKSPACE}/events/{id}`]: (workspace, { parameters }, dependencies) =>
    readEvent(workspace, parameters["id"] ?? "", dependencies),
  [`GET ${WORKSPACE}/exports`]: (workspace, _request, dependencies) => listExports(workspace, dependencies),
  [`POST ${WORKSPACE}/exports`]: createExport,
  [`GET ${WORKSPACE}/exports/{exp}`]: (workspace, { parameters }, dependencies) =>
    readExport(workspace, parameters["exp"] ?? "", dependencies),
};

/** Everything that reads recorded events: within the workspace of the token, within its retention, within bounds. */
export function createReadEventsHandler(dependencies: ReadEventsDependencies): HttpHandler {
  const { workspaces, scopePrefix, log } = dependencies;
  return createHttpHandler(async (request) => {
    const id = request.parameters["ws"] ?? "";
    const refusal = authorise(callerOf(request, scopePrefix), id, "events:read");
    if (refusal !== undefined) return refusal;
    const route = ROUTES[request.routeKey];
    const workspace = await workspaces.readWorkspace(id);
    if (route === undefined || workspace === undefined) return problems.unknownWorkspace();
    if (workspace.endedAt !== undefined) return problems.workspaceEnded();
    return route(workspace, request, dependencies);
  }, log);
}

function dependenciesFrom(environment: Environment): ReadEventsDependencies {
  const client = createDynamoClient();
  const registry = environment.text(ENV.registryTable);
  const journalTable = environment.text(ENV.journalTable);
  const journal = createJournalStore(client, journalTable);
  const entries = createEntryStore(client, environment.text(ENV.eventsTable));
  const { plans, shards, eventTypePrefix } = recorderSettings(environment);
  return {
    workspaces: createWorkspaceReader(client, registry),
    scopePrefix: environment.textOr(ENV.scopePrefix, ""),
    log: createPowertoolsLog("read-events"),
    reading: createReading(client, journalTable, journal, entries),
    entries,
    journal,
    deliveriesOf: createEventDeliveries({
      client,
      registry,
      deliveries: environment.text(ENV.deliveriesTable),
      eventTypePrefix,
      clock: systemClock,
    }),
    rows: createExportRows(client, registry),
    parts: createExportParts(createS3Client(), environment.text(ENV.exportBucket)),
    starter: createExportStarter(createLambdaClient(), environment.text(ENV.exportFunction)),
    random: systemRandom,
    clock: systemClock,
    plans,
    shards,
  };
}

export const handler = createEntryPoint((environment) =>
  createReadEventsHandler(dependenciesFrom(environment)),
);
