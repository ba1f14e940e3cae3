import {
  LimitExceededException,
  PutSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSecretStore } from "../../../lambdas/adapters/secret-store.ts";
import { SecretVersionsError } from "../../../lambdas/core/destination/secret-store.ts";
import { type Management, startManagement } from "../../helpers/management.ts";

const WS = "/v1/workspaces/ws_1";

describe("a secret with as many versions of a day as Secrets Manager keeps", () => {
  let manage: Management;
  let path: string;

  beforeEach(async () => {
    manage = await startManagement();
    await manage.ask("PUT", `${WS}/entitlement`, { body: { plan: "enterprise" }, workspaces: "*" });
    const { body } = await manage.ask("POST", `${WS}/destinations`, {
      body: { name: "a", url: "https://siem.example.com/in", headers: { "X-Tenant": "one" } },
    });
    path = `${WS}/destinations/${body.id}`;
  });
  afterEach(() => manage.close());

  it.each([
    ["is not rotated", "POST", "/rotate-secret", {}],
    ["takes no other headers", "PATCH", "", { headers: { "X-Tenant": "two" } }],
  ])("%s, and can be changed as soon as it may", async (_, method, end, body) => {
    const ask = () => manage.ask(method, path + end, { body, headers: { "if-match": "*" } });
    manage.steps.before = (step) => {
      if (step === "changeSecret") throw new SecretVersionsError();
    };
    const refused = await ask();
    expect(refused).toMatchObject({
      status: 429,
      body: { type: expect.stringMatching(/too-many-secret-changes$/), limit: expect.stringContaining("24") },
    });
    manage.steps.before = () => {};
    expect((await ask()).status).toBe(200);
  });

  it("is recognised only by the refusal of Secrets Manager", async () => {
    const client = new SecretsManagerClient({ region: "eu-west-1" });
    let refusal: Error = new LimitExceededException({ message: "You have too many versions", $metadata: {} });
    client.middlewareStack.add(
      (_next, { commandName }) =>
        async () => {
          if (commandName === PutSecretValueCommand.name) throw refusal;
          return { response: {}, output: { VersionStages: ["AWSCURRENT"], $metadata: {} } };
        },
      { step: "initialize" },
    );
    const store = createSecretStore(client);
    const change = () =>
      store.changeSecret("a", "1", "2", { current: "s", former: [], headers: {}, auth: { type: "none" } });
    await expect(change()).rejects.toBeInstanceOf(SecretVersionsError);
    refusal = new Error("unreachable");
    await expect(change()).rejects.toThrow("unreachable");
  });
});
