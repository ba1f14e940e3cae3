import * as z from "zod/mini";
import { isWorkspaceId } from "./core/base/ids.ts";
import { createEntryPoint, type LambdaHandler } from "./pipeline/entry-point.ts";
import { createEventHandler } from "./pipeline/event-handler.ts";
import { connectMapGroups } from "./wiring/map-groups.ts";

const preTokenSchema = z.looseObject({
  triggerSource: z.string(),
  request: z.looseObject({
    groupConfiguration: z.optional(
      z.nullable(z.looseObject({ groupsToOverride: z.optional(z.nullable(z.array(z.string()))) })),
    ),
  }),
});
type PreTokenEvent = z.infer<typeof preTokenSchema>;

/** Members of this group act for every workspace, like the operator's machine clients. */
const OPERATORS = "operators";

/** The claim `workspaces`: a list of ids, or `*` for all. A machine client is limited only by its scopes. */
function workspacesOf({ triggerSource, request }: PreTokenEvent): "*" | string[] {
  if (triggerSource === "TokenGeneration_ClientCredentials") return "*";
  const groups = request.groupConfiguration?.groupsToOverride ?? [];
  return groups.includes(OPERATORS) ? "*" : groups.filter(isWorkspaceId);
}

/**
 * Cognito's pre-token trigger (version 3, which also runs for client credentials). Returns the event with the claim
 * `workspaces` for the access token. Groups named after workspaces (`ws_1`) become ids; other groups are ignored.
 */
export function createMapGroupsHandler(): LambdaHandler<object> {
  return createEventHandler(preTokenSchema, async (event) => {
    const claimsToAddOrOverride = { workspaces: workspacesOf(event) };
    return {
      ...event,
      response: { claimsAndScopeOverrideDetails: { accessTokenGeneration: { claimsToAddOrOverride } } },
    };
  });
}

export const handler = createEntryPoint(connectMapGroups, createMapGroupsHandler);
