import { describe, expect, it } from "vitest";
import { handler } from "../../lambdas/map-groups.ts";
import { lambdaContext } from "../helpers/http-events.ts";

function preTokenEvent(triggerSource: string, groups: string[] | null) {
  return {
    version: "3",
    triggerSource,
    region: "eu-central-1",
    userPoolId: "eu-central-1_pool",
    userName: "ada",
    request: { userAttributes: { sub: "1" }, groupConfiguration: { groupsToOverride: groups }, scopes: [] },
    response: { claimsAndScopeOverrideDetails: null },
  };
}

async function workspacesFor(triggerSource: string, groups: string[] | null): Promise<unknown> {
  const answer = await handler(preTokenEvent(triggerSource, groups), lambdaContext);
  return Reflect.get(answer, "response");
}

function claim(workspaces: string | string[]) {
  return {
    claimsAndScopeOverrideDetails: { accessTokenGeneration: { claimsToAddOrOverride: { workspaces } } },
  };
}

describe("the access token of the stack's own user pool", () => {
  it("names only the workspaces whose groups the person is in", async () => {
    const groups = ["ws_1", "ws_2", "developers", "eu-central-1_pool_Google", "ws_", "WS_3"];

    expect(await workspacesFor("TokenGeneration_HostedAuth", groups)).toEqual(claim(["ws_1", "ws_2"]));
  });

  it("names all workspaces for operators", async () => {
    expect(await workspacesFor("TokenGeneration_HostedAuth", ["ws_1", "operators"])).toEqual(claim("*"));
  });

  it("names all workspaces for machines, because their client limits their scopes", async () => {
    expect(await workspacesFor("TokenGeneration_ClientCredentials", null)).toEqual(claim("*"));
  });

  it("names no workspace for a person without groups", async () => {
    expect(await workspacesFor("TokenGeneration_RefreshTokens", null)).toEqual(claim([]));
  });

  it("keeps the other fields that Cognito sent", async () => {
    expect(await handler(preTokenEvent("TokenGeneration_HostedAuth", []), lambdaContext)).toMatchObject({
      version: "3",
      userName: "ada",
      request: { userAttributes: { sub: "1" } },
    });
  });
});
