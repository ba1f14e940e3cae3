import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import type { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSecretStore } from "../../src/aws/secrets/secret-store.ts";
import { createSecretsManager } from "../../src/aws/secrets/secrets-manager.ts";
import { startHttpEndpoint, type HttpEndpoint } from "../../src/aws/services.ts";
import { openState } from "../../src/runtime/state.ts";
import { temporaryFolder } from "../fixtures/fixture-stack.ts";

const DAY_MS = 86_400_000;
const token = (letter: string): string => letter.repeat(32);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let state: DatabaseSync;
let endpoint: HttpEndpoint;
let client: SecretsManagerClient;
let now: number;

beforeEach(async () => {
  folder = await temporaryFolder();
  state = openState(join(folder.path));
  now = Date.parse("2026-11-23T05:00:00Z");
  const clock = (): number => now;
  const secretsmanager = createSecretsManager({ store: openSecretStore(state, clock), now: clock });
  endpoint = await startHttpEndpoint({ services: { secretsmanager } });
  client = new SecretsManagerClient({
    endpoint: endpoint.url,
    region: "us-east-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
  });
});

afterEach(async () => {
  client.destroy();
  await endpoint.close();
  state.close();
  await folder.remove();
});

const create = (SecretString: string, ClientRequestToken: string) =>
  client.send(new CreateSecretCommand({ Name: "p/ws_1/dst_1", SecretString, ClientRequestToken }));
const read = (VersionStage?: string) =>
  client.send(
    new GetSecretValueCommand({
      SecretId: "p/ws_1/dst_1",
      ...(VersionStage !== undefined && { VersionStage }),
    }),
  );

describe("secrets", () => {
  it("are read by name and by ARN", async () => {
    const { ARN, VersionId } = await create("one", token("a"));
    expect(ARN).toMatch(
      /^arn:aws:secretsmanager:us-east-1:000000000000:secret:p\/ws_1\/dst_1-[A-Za-z0-9]{6}$/,
    );
    expect(VersionId).toBe(token("a"));
    expect(await read()).toMatchObject({
      SecretString: "one",
      VersionStages: ["AWSCURRENT"],
      Name: "p/ws_1/dst_1",
    });
    const byArn = await client.send(new GetSecretValueCommand({ SecretId: ARN }));
    expect(byArn.SecretString).toBe("one");
  });

  it("are created once, however often the same request is repeated", async () => {
    const first = await create("one", token("a"));
    expect(await create("one", token("a"))).toMatchObject({ ARN: first.ARN, VersionId: first.VersionId });
    await expect(create("two", token("a"))).rejects.toMatchObject({ name: "ResourceExistsException" });
    await expect(create("one", token("b"))).rejects.toMatchObject({ name: "ResourceExistsException" });
  });

  it("keep the previous version when a new one is added", async () => {
    await create("one", token("a"));
    const put = (value: string, letter: string) =>
      client.send(
        new PutSecretValueCommand({
          SecretId: "p/ws_1/dst_1",
          SecretString: value,
          ClientRequestToken: token(letter),
        }),
      );
    await put("two", "b");
    await put("two", "b");
    expect((await read()).SecretString).toBe("two");
    expect((await read("AWSPREVIOUS")).SecretString).toBe("one");
    await put("three", "c");
    expect((await read("AWSPREVIOUS")).SecretString).toBe("two");
    await expect(put("other", "c")).rejects.toMatchObject({ name: "ResourceExistsException" });
    const described = await client.send(new DescribeSecretCommand({ SecretId: "p/ws_1/dst_1" }));
    expect(described.VersionIdsToStages).toEqual({
      [token("b")]: ["AWSPREVIOUS"],
      [token("c")]: ["AWSCURRENT"],
    });
  });

  it("can be restored until their recovery window ends", async () => {
    await create("one", token("a"));
    const remove = () =>
      client.send(new DeleteSecretCommand({ SecretId: "p/ws_1/dst_1", RecoveryWindowInDays: 7 }));
    await remove();
    await expect(read()).rejects.toMatchObject({ name: "InvalidRequestException" });
    await expect(create("two", token("b"))).rejects.toMatchObject({ name: "InvalidRequestException" });
    now += 6 * DAY_MS;
    await client.send(new RestoreSecretCommand({ SecretId: "p/ws_1/dst_1" }));
    expect((await read()).SecretString).toBe("one");
    await remove();
    now += 7 * DAY_MS;
    await expect(read()).rejects.toMatchObject({ name: "ResourceNotFoundException" });
    await expect(create("two", token("b"))).resolves.toBeDefined();
  });

  it("are gone at once if the deletion is forced", async () => {
    await create("one", token("a"));
    await client.send(
      new DeleteSecretCommand({ SecretId: "p/ws_1/dst_1", ForceDeleteWithoutRecovery: true }),
    );
    await expect(read()).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  });

  it("are listed by the beginning of their name, page by page, without those being deleted", async () => {
    for (const Name of ["p/1", "p/2", "p/3", "q/1"]) {
      await client.send(new CreateSecretCommand({ Name, SecretString: "x" }));
    }
    await client.send(new DeleteSecretCommand({ SecretId: "p/2" }));
    const page = {
      Filters: [{ Key: "name" as const, Values: ["p/"] }],
      SortOrder: "asc" as const,
      MaxResults: 1,
    };
    const first = await client.send(new ListSecretsCommand(page));
    const second = await client.send(new ListSecretsCommand({ ...page, NextToken: first.NextToken }));
    const names = [...(first.SecretList ?? []), ...(second.SecretList ?? [])].map((secret) => secret.Name);
    expect(names).toEqual(["p/1", "p/3"]);
    expect(second.NextToken).toBeUndefined();
    const all = await client.send(new ListSecretsCommand({ IncludePlannedDeletion: true }));
    expect(all.SecretList).toHaveLength(4);
  });
});
