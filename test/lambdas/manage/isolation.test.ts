import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deliveryOperations } from "../../../lambdas/core/api/delivery-operations.ts";
import { destinationOperations } from "../../../lambdas/core/api/destination-operations.ts";
import type { Operation } from "../../../lambdas/core/api/operation.ts";
import { workspaceOperations } from "../../../lambdas/core/api/workspace-operations.ts";
import { type Answer, type Management, startManagement } from "../../helpers/management.ts";

const operations: Record<string, Operation> = {
  ...workspaceOperations,
  ...destinationOperations,
  ...deliveryOperations,
};
const UNKNOWN = "01KAQN3ZJ8W5M2T9C7R4X6V0BD";

let manage: Management;
/** Ids of ws_1 that ws_2 must not be able to see. */
const ids = { dst: "", rpl: "", whd: `whd_${UNKNOWN}` };

beforeAll(async () => {
  manage = await startManagement();
  for (const workspace of ["ws_1", "ws_2"]) {
    await manage.ask("PUT", `/v1/workspaces/${workspace}/entitlement`, {
      body: { plan: "enterprise" },
      workspaces: "*",
    });
  }
  const { body } = await manage.ask("POST", "/v1/workspaces/ws_1/destinations", {
    body: { name: "a", url: "https://siem.example.com" },
  });
  ids.dst = body.id;
  const replay = await manage.ask("POST", `/v1/workspaces/ws_1/destinations/${ids.dst}/replays`, {
    body: { from: "2026-11-22T00:00:00Z", to: "2026-11-23T00:00:00Z" },
  });
  ids.rpl = replay.body.id;
  await manage.note({
    facts: {
      destination: `ws_1/${ids.dst}`,
      delivery: ids.whd,
      lane: "live",
      number: 1,
      previousId: "-",
      format: "cloudevents-batch",
      count: 1,
      first: { page: 1, index: 0 },
      end: { page: 1, index: 1 },
      createdAt: "2026-11-23T05:00:00.000Z",
      expiresAt: 9e9,
    },
    outcome: "delivered",
    at: "2026-11-23T05:00:00.000Z",
  });
});
afterAll(() => manage.close());

const BODIES: Record<string, unknown> = {
  putEntitlement: { plan: "enterprise" },
  createDestination: { name: "a", url: "https://siem.example.com" },
  changeDestination: { name: "b" },
  enableDestination: {},
  rotateSecret: {},
  createReplay: { from: "2026-11-22T00:00:00Z", to: "2026-11-23T00:00:00Z" },
};

function ask(
  name: string,
  workspace: string,
  found: Record<string, string>,
  more: object = {},
): Promise<Answer> {
  const operation = operations[name];
  if (operation === undefined) throw new Error(name);
  const path = operation.path.replace(/\{(\w+)\}/g, (_, key: string) =>
    key === "ws" ? workspace : (found[key] ?? ""),
  );
  return manage.ask(operation.method, path, {
    ...(name in BODIES && { body: BODIES[name] }),
    headers: { "if-match": "*" },
    ...more,
  });
}

const names = Object.keys(operations);
const ofDestinations = names.filter((name) => operations[name]?.path.includes("{dst}"));

describe.each(names)("%s", (name) => {
  it("refuses a foreign token in the same way whether or not the workspace exists", async () => {
    const answers = [];
    for (const workspace of ["ws_1", "ws_none"]) {
      answers.push(await ask(name, workspace, ids, { workspaces: "[ws_2]" }));
    }
    expect(answers[0]?.status).toBe(403);
    expect(answers[0]).toEqual(answers[1]);
    expect(JSON.stringify(answers[0]?.body)).not.toContain("ws_1");
  });

  it("needs its scope", async () => {
    const scope = operations[name]?.scope ?? "";
    const others = "events:write events:read destinations:read destinations:write entitlements:write"
      .split(" ")
      .filter((other) => other !== scope)
      .join(" ");
    const { status, body } = await ask(name, "ws_1", ids, { workspaces: "*", scope: others });
    expect(status).toBe(403);
    expect(body).toMatchObject({ type: "/problems/missing-scope", scope });
  });

  it("grants a token without claims nothing", async () => {
    const { status } = await ask(name, "ws_1", ids, { workspaces: "", scope: "" });
    expect(status).toBe(403);
  });
});

describe.each(ofDestinations)("%s", (name) => {
  it("responds to another workspace's ids like to unknown ones", async () => {
    const unknown = { dst: `dst_${UNKNOWN}`, rpl: `rpl_${UNKNOWN}`, whd: `whd_${UNKNOWN}` };
    const foreign = await ask(name, "ws_2", ids, { workspaces: "[ws_2]" });
    const none = await ask(name, "ws_2", unknown, { workspaces: "[ws_2]" });
    expect(foreign.status).toBe(404);
    expect(foreign).toEqual(none);
  });

  it("responds to malformed ids in the same way", async () => {
    for (const dst of ["x", "dst_", `${ids.dst}#`, "live", `${"d".repeat(3000)}`]) {
      const answer = await ask(name, "ws_1", { ...ids, dst });
      expect(answer.status).toBe(404);
    }
  });
});

it("left the other workspace unchanged", async () => {
  const { body } = await manage.ask("GET", `/v1/workspaces/ws_1/destinations/${ids.dst}`);
  expect(body.name).toBe("a");
  const events = await manage.recorded("ws_1");
  expect(events.map(({ type }) => type.replace("pro.atmos.", "")).toSorted()).toEqual([
    "entitlement.created",
    "webhook.created",
    "webhook.replay_started",
  ]);
});

it("refuses unknown routes, and methods that a path does not have", async () => {
  expect((await manage.ask("GET", "/v1/workspaces/ws_1/other")).status).toBe(404);
  expect((await manage.ask("PUT", "/v1/workspaces/ws_1/destinations")).status).toBe(405);
});
