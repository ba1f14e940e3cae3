import { entitlementRequestSchema, entitlementSchema } from "./entitlement-api.ts";
import type { Operation } from "./operation.ts";

const ENTITLEMENT = "/v1/workspaces/{ws}/entitlement";

/** Operations on a workspace and its entitlement. */
export const workspaceOperations = {
  getEntitlement: {
    method: "GET",
    path: ENTITLEMENT,
    tag: "Workspaces",
    summary: "Read what a workspace may do",
    scope: "events:read",
    answers: { 200: { description: "The entitlement", schema: entitlementSchema } },
    refusals: { 404: "There is no such workspace" },
  },
  putEntitlement: {
    method: "PUT",
    path: ENTITLEMENT,
    tag: "Workspaces",
    summary: "Register a workspace, or change what it may do",
    description:
      "A workspace exists once its entitlement was put. A workspace that had been ended continues with the rest of its log.",
    scope: "entitlements:write",
    operator: true,
    body: entitlementRequestSchema,
    answers: {
      200: { description: "Changed", schema: entitlementSchema },
      201: { description: "Registered", schema: entitlementSchema },
    },
    refusals: {
      400: "The body is not valid, or names a plan that this deployment does not have",
      404: "Not the id of a workspace",
      409: "The entitlement was being changed at the same time",
      413: "The body is too large",
    },
  },
  deleteEntitlement: {
    method: "DELETE",
    path: ENTITLEMENT,
    tag: "Workspaces",
    summary: "End a workspace",
    description:
      "Destinations and their secrets go at once, the log after the deployment's grace period. Repeating it does no harm.",
    scope: "entitlements:write",
    operator: true,
    answers: { 204: { description: "Ended" } },
    refusals: {
      404: "There is no such workspace",
      409: "The workspace was being changed at the same time",
    },
  },
} as const satisfies Record<string, Operation>;
