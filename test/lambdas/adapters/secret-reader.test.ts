import { ResourceNotFoundException, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { beforeEach, expect, it } from "vitest";
import { createSecretReader } from "../../../lambdas/adapters/secret-reader.ts";
import type { SecretReader } from "../../../lambdas/core/destination/destination-store.ts";
import { SECRET } from "../../helpers/in-memory-lanes.ts";

const CACHED_MAX = 1_000;

let present: boolean;
let asked: string[];
let reader: SecretReader;

beforeEach(() => {
  present = true;
  asked = [];
  const client = new SecretsManagerClient({ region: "eu-west-1" });
  client.middlewareStack.add(
    () =>
      async ({ input }) => {
        if ("SecretId" in input) asked.push(String(input.SecretId));
        if (!present) throw new ResourceNotFoundException({ message: "None", $metadata: {} });
        const SecretString = JSON.stringify({ current: SECRET, former: [], headers: {} });
        return { response: {}, output: { SecretString, $metadata: {} } };
      },
    { step: "initialize" },
  );
  reader = createSecretReader(client, () => 0);
});

it("caches the thousand secrets that it read last, and requests older ones again", async () => {
  const names = Array.from({ length: CACHED_MAX + 1 }, (_, index) => `trailcast/ws_1/dst_${index}`);
  for (const name of names) await reader.readSecret(name, "v1");
  expect(asked).toEqual(names);
  const [oldest = "", ...kept] = names;
  for (const name of [...kept, oldest]) await reader.readSecret(name, "v1");
  expect(asked.slice(names.length)).toEqual([oldest]);
});

it("requests a secret again if it did not exist before", async () => {
  present = false;
  expect(await reader.readSecret("trailcast/ws_1/dst_1", "v1")).toBeUndefined();
  present = true;
  expect(await reader.readSecret("trailcast/ws_1/dst_1", "v1")).toMatchObject({ current: SECRET });
});
