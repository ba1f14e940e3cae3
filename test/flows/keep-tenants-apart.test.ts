import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { OPERATIONS } from "../../lambdas/core/api/openapi.ts";
import { PATH_PARAMETERS } from "../../lambdas/core/api/operation.ts";
import { ALL_SCOPES, createFlowUser, type FlowStack, startFlowStack } from "../helpers/flow-stack.ts";
import { forgeTokens } from "../helpers/forged-tokens.ts";
import { postedEvent } from "../helpers/sample-events.ts";

let stack: FlowStack;
let forged: ReturnType<typeof forgeTokens>;
/** Ids of ws_1 by the name of the path parameter. */
const theirs: Record<string, string> = {};

interface Answer {
  status: number;
  body: any;
  text: string;
}

async function ask(
  method: string,
  path: string,
  request: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { token, body, headers } = request;
  const response = await fetch(stack.runtime.apiUrl + path, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, body: text.startsWith("{") ? JSON.parse(text) : undefined };
}

const tokenOf = (...workspaces: string[]): Promise<string> =>
  stack.runtime.token({ workspaces, scope: ALL_SCOPES });

beforeAll(async () => {
  stack = await startFlowStack();
  const { apiUrl, clock } = stack.runtime;
  const user = await createFlowUser({ apiUrl, dir: stack.dir, receiver: stack.receiver });
  for (const workspace of ["ws_1", "ws_2"]) await user.register(workspace);
  theirs["dst"] = await user.createDestination("ws_1", "/theirs");
  [theirs["id"] = ""] = await user.post("ws_1", 3);
  const of = `/v1/workspaces/ws_1/destinations/${theirs["dst"]}`;
  const window = { from: "2020-01-01T00:00:00Z", to: "2090-01-01T00:00:00Z" };
  theirs["rpl"] = ((await user.api.call("POST", `${of}/replays`, window)).body as any).id;
  theirs["exp"] = (
    (await user.api.call("POST", "/v1/workspaces/ws_1/exports", { format: "csv" })).body as any
  ).id;
  theirs["whd"] = await vi.waitFor(async () => {
    const { items } = (await user.api.call("GET", `${of}/deliveries`)).body as any;
    if (items.length === 0) throw new Error("nothing was delivered yet");
    return items[0].id;
  });
  forged = forgeTokens(stack.dir, Math.floor(clock.now() / 1000));
}, 120_000);
afterAll(async () => stack?.stop());

const BODIES: Record<string, unknown> = {
  recordEvents: { events: [postedEvent()] },
  createExport: { format: "csv" },
  putEntitlement: { plan: "enterprise" },
  createDestination: { name: "a", url: "https://siem.example.com" },
  changeDestination: { name: "b" },
  createReplay: { from: "2026-11-22T00:00:00Z", to: "2026-11-23T00:00:00Z" },
};
const guarded = Object.entries(OPERATIONS).filter(([, { scope }]) => scope !== undefined);
const withIds = guarded.filter(([, { path }]) => /\{(?!ws)/.test(path));

/** An operation on a workspace, with ids for the rest of its path. */
function call(name: string, workspace: string, ids: Record<string, string>, token?: string): Promise<Answer> {
  const { method = "", path = "" } = OPERATIONS[name] ?? {};
  const filled = path.replace(/\{(\w+)\}/g, (_, key: string) =>
    key === "ws" ? workspace : (ids[key] ?? ""),
  );
  const query = name === "exportEvents" ? "?format=csv" : "";
  return ask(method, filled + query, {
    body: BODIES[name],
    headers: { "if-match": "*" },
    ...(token !== undefined && { token }),
  });
}

describe.each(guarded.map(([name]) => name))("%s", (name) => {
  it("requires a token", async () => {
    expect(await call(name, "ws_1", theirs)).toMatchObject({
      status: 401,
      text: '{"message":"Unauthorized"}',
    });
  });

  it("gives the same response to a foreign token, whether or not the workspace exists", async () => {
    const token = await tokenOf("ws_2");
    const [there, none] = [await call(name, "ws_1", theirs, token), await call(name, "ws_9", theirs, token)];
    expect(there.status).toBe(403);
    expect(there).toEqual(none);
    expect(there.text).not.toContain("ws_");
  });
});

describe.each(withIds.map(([name]) => name))("%s", (name) => {
  it("treats ids of another workspace as unknown", async () => {
    const token = await tokenOf("ws_2");
    const unknown = Object.fromEntries(
      Object.entries(PATH_PARAMETERS).map(([key, { example }]) => [key, example]),
    );
    const [known, none] = [await call(name, "ws_2", theirs, token), await call(name, "ws_2", unknown, token)];
    expect(known.status).toBe(404);
    expect(known).toEqual(none);
  });
});

describe("a token with", () => {
  it("valid claims opens the workspace that it names", async () => {
    for (const claims of [{}, { aud: ["x", "trailcast"] }, { aud: undefined, client_id: "trailcast" }]) {
      expect((await call("listEvents", "ws_1", {}, forged.withClaims(claims))).status).toBe(200);
    }
  });

  it("any defect opens nothing, and the response is always the same", async () => {
    const answers: Record<string, unknown> = {};
    for (const [wrong, token] of Object.entries(forged.refused)) {
      const { status, text } = await call("listEvents", "ws_1", {}, token);
      answers[wrong] = { status, text };
    }
    const unauthorized = { status: 401, text: '{"message":"Unauthorized"}' };
    expect(answers).toEqual(Object.fromEntries(Object.keys(answers).map((wrong) => [wrong, unauthorized])));
  });

  it.each([
    [["ws_2", "*"]],
    [["ws_2 *"]],
    [["ws_2,*"]],
    ['["ws_2","*"]'],
    [["ws_2", '"*"']],
    [[["ws_1"]]],
    [{ ws_1: true, "*": true }],
    [["ws_*"]],
    [["WS_1"]],
    [null],
  ])("the workspaces %j opens no other", async (workspaces) => {
    const token = forged.withClaims({ workspaces, scope: ALL_SCOPES });
    expect((await call("listEvents", "ws_1", {}, token)).status).toBe(403);
    expect((await call("putEntitlement", "ws_2", {}, token)).status).toBe(403);
  });

  it.each([
    "events:*",
    "*",
    "events:rea",
    "events:reads",
    "x:events:read",
    "x,events:read",
    "EVENTS:READ",
    { "events:read": 1 },
  ])("the scope %j reads nothing", async (scope) => {
    expect((await call("listEvents", "ws_1", {}, forged.withClaims({ scope }))).status).toBe(403);
  });

  it("no other spelling of a path leads from one workspace to another", async () => {
    const token = await tokenOf("ws_2");
    for (const path of [
      "ws_2%2f..%2fws_1",
      "ws_2%00",
      "ws_2%0a",
      "%2a",
      "ws_2;ws_1",
      "ws_2%20ws_1",
      "WS_2",
      "ws_%E0%A4",
    ]) {
      expect([403, 404]).toContain((await call("listEvents", path, {}, token)).status);
    }
  });
});

describe("the data of one workspace", () => {
  it("never appears in another's lists, whichever workspace a cursor comes from", async () => {
    const [one, two] = [await tokenOf("ws_1"), await tokenOf("ws_2")];
    const { nextCursor } = (await ask("GET", "/v1/workspaces/ws_1/events?limit=1", { token: one })).body;
    const { body } = await ask("GET", `/v1/workspaces/ws_2/events?limit=1&cursor=${nextCursor}`, {
      token: two,
    });
    for (const { source } of body?.items ?? []) expect(source).toMatch(/ws_2$/);
    const lists = ["events", "destinations", "exports", "events/export?format=ndjson"];
    for (const list of lists) {
      const { status, text } = await ask("GET", `/v1/workspaces/ws_2/${list}`, { token: two });
      expect(status).toBe(200);
      expect(Object.values(theirs).filter((id) => text.includes(id))).toEqual([]);
      expect(text).not.toContain("ws_1");
    }
  });

  it("does not share idempotency keys with another", async () => {
    const headers = { "idempotency-key": "the same" };
    const answers = [];
    for (const workspace of ["ws_1", "ws_2"]) {
      const body = { events: [postedEvent({ description: workspace })] };
      answers.push(
        await ask("POST", `/v1/workspaces/${workspace}/events`, {
          token: await tokenOf(workspace),
          body,
          headers,
        }),
      );
    }
    expect(answers.map(({ status, body }) => [status, body.duplicate])).toEqual([
      [202, false],
      [202, false],
    ]);
    expect(answers[0]?.body.entry).not.toBe(answers[1]?.body.entry);
  });

  it("was not changed by any of these requests", async () => {
    const token = await tokenOf("ws_1");
    const { body } = await ask("GET", `/v1/workspaces/ws_1/destinations/${theirs["dst"]}`, { token });
    expect(body).toMatchObject({ name: "/theirs", enabled: true });
    const { body: recorded } = await ask("GET", "/v1/workspaces/ws_1/events?category=webhook&limit=100", {
      token,
    });
    expect(new Set(recorded.items.map(({ type }: { type: string }) => type))).toEqual(
      new Set(["pro.atmos.webhook.created", "pro.atmos.webhook.replay_started"]),
    );
    expect(stack.problems).toEqual([]);
  });
});
