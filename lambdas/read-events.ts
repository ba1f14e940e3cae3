import { callerOf, type HttpRequest, type HttpAnswer } from "./adapters/http-api.ts";
import { authorise } from "./core/api/caller.ts";
import type { Log } from "./core/base/log.ts";
import { type Problem, problems } from "./core/base/problem.ts";
import type { Workspace } from "./core/workspace/entitlement.ts";
import type { WorkspaceReader } from "./core/workspace/workspace-store.ts";
import { createEntryPoint } from "./pipeline/entry-point.ts";
import { createHttpHandler, type HttpHandler } from "./pipeline/http-handler.ts";
import { exportDirectly } from "./reading/export-events-directly.ts";
import { listEvents } from "./reading/list-events.ts";
import { createExport, type ExportsDependencies, listExports, readExport } from "./reading/manage-exports.ts";
import { readEvent, type ReadEventDependencies } from "./reading/read-event.ts";
import { connectReading } from "./wiring/read-events.ts";

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

/**
 * All routes that read recorded events, limited to the workspace of the token, its retention and what one request may
 * examine.
 */
export function createReadEventsHandler(dependencies: ReadEventsDependencies): HttpHandler {
  const { workspaces, scopePrefix } = dependencies;
  return createHttpHandler(async (request) => {
    const id = request.parameters["ws"] ?? "";
    const refusal = authorise(callerOf(request, scopePrefix), id, "events:read");
    if (refusal !== undefined) return refusal;
    const route = ROUTES[request.routeKey];
    const workspace = await workspaces.readWorkspace(id);
    if (route === undefined || workspace === undefined) return problems.unknownWorkspace();
    if (workspace.endedAt !== undefined) return problems.workspaceEnded();
    return route(workspace, request, dependencies);
  }, dependencies);
}

export const handler = createEntryPoint(connectReading, createReadEventsHandler);
