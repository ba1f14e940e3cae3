import { callerOf, type HttpAnswer } from "../adapters/http-api.ts";
import { authorise, authoriseOperator } from "../core/api/caller.ts";
import { deliveryOperations } from "../core/api/delivery-operations.ts";
import { destinationOperations } from "../core/api/destination-operations.ts";
import { createMatcher } from "../core/api/match-operation.ts";
import type { Operation } from "../core/api/operation.ts";
import { workspaceOperations } from "../core/api/workspace-operations.ts";
import { type Problem, problems } from "../core/base/problem.ts";
import { createEntryPoint } from "../pipeline/entry-point.ts";
import { createHttpHandler, type HttpHandler } from "../pipeline/http-handler.ts";
import { connectManagement } from "../wiring/manage-workspaces.ts";
import type { Call } from "./call.ts";
import { changeDestination } from "./change-destination.ts";
import { createDestination } from "./create-destination.ts";
import { createReplay } from "./create-replay.ts";
import { getDelivery, listDeliveries } from "./deliveries.ts";
import type { ManageDependencies } from "./dependencies.ts";
import { disableDestination, enableDestination } from "./enable-destination.ts";
import { deleteEntitlement, getEntitlement, putEntitlement } from "./entitlement.ts";
import { getDestination, listDestinations } from "./list-destinations.ts";
import { deleteDestination } from "./remove-destination.ts";
import { cancelReplay, getReplay, listReplays } from "./replays.ts";
import { retryDelivery, skipDelivery } from "./retry-delivery.ts";
import { rotateSecret } from "./rotate-secret.ts";
import { testDestination } from "./test-destination.ts";

const operations = { ...workspaceOperations, ...destinationOperations, ...deliveryOperations };
type OperationId = keyof typeof operations;

const routes: Readonly<
  Record<OperationId, (call: Call, dependencies: ManageDependencies) => Promise<HttpAnswer>>
> = {
  getEntitlement,
  putEntitlement,
  deleteEntitlement,
  listDestinations,
  createDestination,
  getDestination,
  changeDestination,
  deleteDestination,
  enableDestination,
  disableDestination,
  testDestination,
  rotateSecret,
  createReplay,
  listReplays,
  getReplay,
  cancelReplay,
  listDeliveries,
  getDelivery,
  retryDelivery,
  skipDelivery,
};

const match = createMatcher(operations);

/** Creates the handler of the management API, which finds the operation, checks the token and logs the result. */
export function createManageHandler(dependencies: ManageDependencies): HttpHandler {
  const { settings } = dependencies;
  return createHttpHandler(async (request) => {
    const found = match(request.method, request.path);
    if ("methods" in found) return noRoute(found.methods);
    const operation: Operation = operations[found.operation];
    const workspace = found.parameters["ws"] ?? "";
    const caller = callerOf(request, settings.scopePrefix);
    const admit = operation.operator === true ? authoriseOperator : authorise;
    const refusal = admit(caller, workspace, operation.scope ?? "");
    if (refusal !== undefined) return refusal;
    const call: Call = { request, caller, workspace, parameters: found.parameters };
    const answer = await routes[found.operation](call, dependencies);
    request.log.info("request.answered", {
      workspace,
      route: found.operation,
      statusCode: answer.statusCode,
    });
    return answer;
  }, dependencies);
}

function noRoute(methods: readonly string[]): HttpAnswer | Problem {
  if (methods.length === 0) return problems.notFound("route");
  return {
    kind: "method-not-allowed",
    title: "The path does not have this method",
    status: 405,
    detail: `It has ${methods.join(", ")}.`,
  };
}

export const handler = createEntryPoint(connectManagement, createManageHandler);
