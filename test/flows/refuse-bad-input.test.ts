import { randomBytes } from "node:crypto";
import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TokenRequest } from "../../local/token.ts";
import { createFlowUser, type FlowStack, startFlowStack } from "../helpers/flow-stack.ts";
import { postedEvent } from "../helpers/sample-events.ts";

let stack: FlowStack;

beforeAll(async () => {
  stack = await startFlowStack();
  const user = await createFlowUser({
    apiUrl: stack.runtime.apiUrl,
    dir: stack.dir,
    receiver: stack.receiver,
  });
  await user.register("ws_1");
  await user.register("ws_other");
  await user.post("ws_1", 1, { key: "taken" });
}, 120_000);
afterAll(async () => stack?.stop());

async function countEntries(): Promise<number> {
  const table = stack.runtime.outputs["EventsTable"];
  const { Count: count } = await stack.dynamo.send(new ScanCommand({ TableName: table, Select: "COUNT" }));
  return count ?? 0;
}

interface Request {
  body?: string;
  workspace?: string;
  key?: string;
  token?: Partial<TokenRequest> | "none";
}

async function post(request: Request): Promise<{ status: number; type: string | null; body: unknown }> {
  const { body = JSON.stringify({ events: [postedEvent()] }), workspace = "ws_1", key, token = {} } = request;
  const bearer =
    token === "none"
      ? undefined
      : await stack.runtime.token({
          workspaces: ["ws_1", "ws_unregistered"],
          scope: "events:write",
          ...token,
        });
  const response = await fetch(`${stack.runtime.apiUrl}/v1/workspaces/${workspace}/events`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
      ...(key !== undefined && { "idempotency-key": key }),
    },
    body,
  });
  return { status: response.status, type: response.headers.get("content-type"), body: await response.json() };
}

const events = (...changes: object[]): string =>
  JSON.stringify({ events: changes.map((change) => ({ ...postedEvent(), ...change })) });
/** Incompressible text. */
const noise = (bytes: number): string =>
  randomBytes(Math.ceil(bytes * 0.75))
    .toString("base64")
    .slice(0, bytes);

const PROBLEMS: Record<string, [Request, number, string, Record<string, unknown>]> = {
  "not JSON": [{ body: '{"events":[' }, 400, "not-json", { field: "body" }],
  "no events": [{ body: '{"events":[]}' }, 400, "event-count", { field: "events", limit: "1 to 100 events" }],
  "101 events": [
    { body: events(...Array.from({ length: 101 }, () => ({}))) },
    400,
    "event-count",
    { field: "events", limit: "1 to 100 events" },
  ],
  "an event over 64 KiB": [
    { body: events({}, { description: "x".repeat(65_536) }) },
    413,
    "event-too-large",
    { field: "events[1]", limit: "65536 bytes" },
  ],
  "a body over 1 MiB": [
    { body: events(...Array.from({ length: 40 }, () => ({ description: "x".repeat(30_000) }))) },
    413,
    "body-too-large",
    { field: "body", limit: "1048576 bytes" },
  ],
  "an entry over 380 kB as stored": [
    { body: events(...Array.from({ length: 20 }, () => ({ description: noise(30_000) }))) },
    413,
    "entry-too-large",
    { field: "events", limit: "380000 bytes as stored" },
  ],
  "a bad category": [
    { body: events({ category: "Team-Member" }) },
    400,
    "invalid-event",
    { field: "events[0].category", limit: expect.stringContaining("[a-z][a-z0-9_]*") },
  ],
  "a time that is no time": [
    { body: events({}, { time: "yesterday" }) },
    400,
    "invalid-event",
    { field: "events[1].time", limit: "RFC 3339 date-time" },
  ],
  "a missing actor": [
    { body: events({ actor: undefined }) },
    400,
    "invalid-event",
    { field: "events[0].actor" },
  ],
  "an unknown property": [
    { body: events({ severity: 3 }) },
    400,
    "invalid-event",
    { field: "events[0].severity" },
  ],
  "an idempotency key used with another body": [
    { key: "taken", body: events({ action: "removed" }) },
    409,
    "idempotency-key-reused",
    { field: "Idempotency-Key" },
  ],
  "a missing scope": [
    { token: { scope: "events:read destinations:write" } },
    403,
    "missing-scope",
    { scope: "events:write" },
  ],
  "another workspace's id": [{ workspace: "ws_other" }, 403, "forbidden-workspace", {}],
  "an id that is none": [{ workspace: "other" }, 403, "forbidden-workspace", {}],
  "an unregistered workspace": [{ workspace: "ws_unregistered" }, 404, "unknown-workspace", {}],
};

const REFUSED_TOKENS: Record<string, Request> = {
  "no token": { token: "none" },
  "an expired token": { token: { expiresIn: -60 } },
  "a token of another issuer": { token: { issuer: "https://elsewhere.example.com" } },
  "a token for another audience": { token: { audience: "somebody-else" } },
};

describe("a request with", () => {
  it.each(Object.entries(PROBLEMS))(
    "%s is refused with its problem",
    async (_, [request, status, kind, rest]) => {
      const before = await countEntries();
      const answer = await post(request);
      expect(answer).toMatchObject({
        status,
        type: expect.stringMatching(/^application\/problem\+json/),
        body: {
          type: `/problems/${kind}`,
          status,
          title: expect.any(String),
          detail: expect.any(String),
          ...rest,
        },
      });
      expect(await countEntries()).toBe(before);
    },
  );

  it("every problem has a type that leads to its description, without a token", async () => {
    const { body } = await post({ body: "no JSON" });
    const { type } = body as { type: string };
    const page = await fetch(new URL(type, stack.runtime.apiUrl));
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("Send one JSON document, encoded as UTF-8.");
  });

  it.each(Object.entries(REFUSED_TOKENS))("%s is refused by the authoriser", async (_, request) => {
    const before = await countEntries();
    expect(await post(request)).toMatchObject({ status: 401, body: { message: "Unauthorized" } });
    expect(await countEntries()).toBe(before);
  });
});
