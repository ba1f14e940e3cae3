import { ListSecretsCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ApiRefusedError } from "../../cli/api-client.ts";
import {
  arrivedAt,
  createFlowUser,
  type FlowStack,
  type FlowUser,
  startFlowStack,
  waitForArrivals,
} from "../helpers/flow-stack.ts";
import { violationsOf } from "../helpers/openapi-conformance.ts";

const WS = "/v1/workspaces/ws_manage";

let stack: FlowStack;
let user: FlowUser;
let id: string;
let path: string;

beforeAll(async () => {
  stack = await startFlowStack();
  user = await createFlowUser({ apiUrl: stack.runtime.apiUrl, dir: stack.dir, receiver: stack.receiver });
  await user.register("ws_manage");
  id = await user.createDestination("ws_manage", "/one", { headers: { "X-Tenant": "token-of-acme" } });
  path = `${WS}/destinations/${id}`;
}, 120_000);
afterAll(async () => stack?.stop());

type Method = Parameters<FlowUser["api"]["call"]>[0];

/** Every response is checked against the OpenAPI document. */
async function call<Body>(
  method: Method,
  at: string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<Body> {
  const answer = await user.api.call(method, at, body, headers);
  const found = Object.fromEntries(answer.headers.entries());
  expect(violationsOf(method, at, { ...answer, headers: found })).toEqual([]);
  return answer.body as Body;
}

const statusOf = (refused: Promise<unknown>): Promise<number> =>
  refused.then(
    () => 0,
    (error: unknown) => (error instanceof ApiRefusedError ? error.status : -1),
  );

const WAIT = { timeout: 20_000, interval: 50 };

const lastAt = (at: string) => stack.receiver.received.findLast((request) => request.path === at);

// The tests run in order, each from the state that the previous one left, with only the permissions that the template
// grants.
describe("the owner of a destination", () => {
  it("tests it with an event that takes the path of a real delivery", async () => {
    const result = await call<{ ok: boolean; attempt: { id: string; tls: { version: string } } }>(
      "POST",
      `${path}/test`,
    );
    expect(result).toMatchObject({ ok: true, attempt: { statusCode: 200, tls: { version: "TLSv1.3" } } });
    const request = stack.receiver.received.find(
      ({ headers }) => headers["x-webhook-id"] === result.attempt.id,
    );
    expect(request?.headers["x-tenant"]).toBe("token-of-acme");
    expect(request && stack.receiver.judge(request)).toMatchObject({ kind: "verified" });
  });

  it("rotates the secret, and receivers with the old and the new one both verify", async () => {
    const { secret } = await call<{ secret: string }>("POST", `${path}/rotate-secret`, {});
    await user.post("ws_manage", 1);
    const request = await vi.waitFor(() => {
      const found = stack.receiver.received.find(({ body }) => body.includes('"n0"'));
      if (found === undefined) throw new Error("n0 has not arrived");
      return found;
    }, WAIT);
    expect(request.headers["x-webhook-signature"]?.split(" ")).toHaveLength(2);
    expect(stack.receiver.judge(request)).toMatchObject({ kind: "verified" });
    stack.receiver.setSecret("/one", secret);
    expect(stack.receiver.judge(request)).toMatchObject({ kind: "verified" });
  });

  it("changes URL and headers from the next attempt on", async () => {
    const read = await user.api.call("GET", path);
    const etag = read.headers.get("etag") ?? "";
    const { secret } = await call<{ secret: string }>("POST", `${path}/rotate-secret`, { graceSeconds: 0 });
    stack.receiver.setSecret("/two", secret);
    const change = { url: `${stack.receiver.url}/two`, headers: { "X-Tenant": null, "X-Other": "second" } };
    expect(await statusOf(call("PATCH", path, change, { "if-match": etag }))).toBe(412);
    const fresh = (await user.api.call("GET", path)).headers.get("etag") ?? "";
    await call("PATCH", path, change, { "if-match": fresh });
    await user.post("ws_manage", 1, { from: 1 });
    await waitForArrivals(stack.receiver, "/two", 1);
    const request = lastAt("/two");
    expect(request?.headers).toMatchObject({ "x-other": "second" });
    expect(request?.headers).not.toHaveProperty("x-tenant");
    expect(request?.headers["x-webhook-signature"]?.split(" ")).toHaveLength(1);
  });

  it("sends credentials from the next attempt on, and asks for them again before the URL moves", async () => {
    const tested = async (): Promise<string | undefined> => {
      const result = await call<{ attempt: { id: string } }>("POST", `${path}/test`);
      return stack.receiver.received.find(({ headers }) => headers["x-webhook-id"] === result.attempt.id)
        ?.headers["authorization"];
    };
    const change = async (body: object): Promise<number> => {
      const etag = (await user.api.call("GET", path)).headers.get("etag") ?? "";
      return statusOf(call("PATCH", path, body, { "if-match": etag }));
    };
    expect(await change({ auth: { type: "bearer", token: "token-of-acme" } })).toBe(0);
    expect(await tested()).toBe("Bearer token-of-acme");
    expect(await call("GET", path)).toMatchObject({ auth: { type: "bearer" } });
    expect(await change({ url: "https://elsewhere.example.com/two", headers: null })).toBe(409);
    expect(await change({ auth: { type: "basic", username: "acme", password: "hush" } })).toBe(0);
    expect(await tested()).toBe(`Basic ${Buffer.from("acme:hush").toString("base64")}`);
    expect(await change({ auth: null })).toBe(0);
    expect(await tested()).toBeUndefined();
  });

  it("narrows the filter, and excluded events are passed in order", async () => {
    const etag = (await user.api.call("GET", path)).headers.get("etag") ?? "";
    await call("PATCH", path, { eventTypes: ["pro.atmos.team_member.*"] }, { "if-match": etag });
    await user.post("ws_manage", 2, { from: 2 });
    const { targets } = await waitForArrivals(stack.receiver, "/two", 3);
    expect(targets).toEqual(["n1", "n2", "n3"]);
  });

  it("disables it, and enables it where it stopped", async () => {
    await call("POST", `${path}/disable`);
    await user.post("ws_manage", 2, { from: 4 });
    await stack.runtime.waitIdle();
    const off = await call<{ health: object }>("GET", path);
    expect(off).toMatchObject({ enabled: false, health: { status: "disabled" } });
    expect(arrivedAt(stack.receiver, "/two").targets).toHaveLength(3);
    await call("POST", `${path}/enable`, { from: "where-it-stopped" });
    const { targets } = await waitForArrivals(stack.receiver, "/two", 5);
    expect(targets).toEqual(["n1", "n2", "n3", "n4", "n5"]);
  });

  it("replays recorded events and reads the progress", async () => {
    const window = { from: "2020-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z" };
    const count = await call<{ events: number; exact: boolean }>("POST", `${path}/replays`, {
      ...window,
      dryRun: true,
    });
    expect(count).toMatchObject({ events: 6, exact: true });
    const replay = await call<{ id: string }>("POST", `${path}/replays`, window);
    await vi.waitFor(() => expect(arrivedAt(stack.receiver, "/two").targets.length).toBe(11), WAIT);
    expect(arrivedAt(stack.receiver, "/two").targets.slice(5)).toEqual(["n0", "n1", "n2", "n3", "n4", "n5"]);
    const done = await vi.waitFor(async () => {
      const found = await call<{ status: string }>("GET", `${path}/replays/${replay.id}`);
      expect(found.status).toBe("done");
      return found;
    }, WAIT);
    expect(done).toMatchObject({ progress: 1, events: 6 });
    expect(await call("GET", `${path}/replays`)).toMatchObject({
      items: [{ id: replay.id }],
      nextCursor: null,
    });
  });

  it("lists its deliveries and sends one of them again", async () => {
    await stack.runtime.waitIdle();
    const { items } = await call<{ items: { id: string; lane: string }[] }>(
      "GET",
      `${path}/deliveries?outcome=delivered`,
    );
    const live = items.find(({ lane }) => lane === "live");
    expect(await call("GET", `${path}/deliveries/${live?.id}`)).toMatchObject({
      outcome: "delivered",
      attempts: [{ statusCode: 200, outcome: "delivered" }],
    });
    const before = arrivedAt(stack.receiver, "/two").ids.length;
    await call("POST", `${path}/deliveries/${live?.id}/retry`);
    await vi.waitFor(
      () => expect(arrivedAt(stack.receiver, "/two").ids.length).toBeGreaterThan(before),
      WAIT,
    );
    expect(await statusOf(call("POST", `${path}/deliveries/${live?.id}/skip`))).toBe(409);
  });

  it("finds their actions in the log, and no secret", async () => {
    const { items } = await call<{ items: { type: string }[] }>(
      "GET",
      `${WS}/events?category=webhook&limit=100`,
    );
    const types = new Set(items.map(({ type }) => type.replace("pro.atmos.webhook.", "")));
    const expected = [
      "created",
      "tested",
      "secret_rotated",
      "updated",
      "disabled",
      "enabled",
      "replay_started",
    ];
    expect([...types]).toEqual(expect.arrayContaining(expected));
    expect(JSON.stringify(items)).not.toMatch(/whsec_|token-of-acme/);
  });

  it("deletes it together with its secret, and nothing more arrives", async () => {
    await call("DELETE", path);
    expect(await statusOf(call("GET", path))).toBe(404);
    const secrets = new SecretsManagerClient({
      endpoint: stack.runtime.awsEndpointUrl,
      region: "us-east-1",
      credentials: { accessKeyId: "LOCALADMIN", secretAccessKey: "any" },
    });
    expect((await secrets.send(new ListSecretsCommand({}))).SecretList).toEqual([]);
    secrets.destroy();
    const before = stack.receiver.received.length;
    await user.post("ws_manage", 1, { from: 9 });
    await stack.runtime.waitIdle();
    expect(stack.receiver.received).toHaveLength(before);
  });

  it("never lacks a permission", () => {
    expect(stack.runtime.denials).toEqual([]);
    expect(stack.problems).toEqual([]);
  });
});
