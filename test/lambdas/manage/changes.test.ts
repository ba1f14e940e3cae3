import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rowOf } from "../../../lambdas/core/lane/row.ts";
import { transition } from "../../../lambdas/core/lane/transition.ts";
import { type Answer, type Management, NOW, startManagement } from "../../helpers/management.ts";

const WS = "/v1/workspaces/ws_1";

let manage: Management;
let path: string;
let id: string;
let secret: string;

beforeEach(async () => {
  manage = await startManagement();
  await manage.ask("PUT", `${WS}/entitlement`, { body: { plan: "enterprise" }, workspaces: "*" });
  const { body } = await manage.ask("POST", `${WS}/destinations`, {
    body: { name: "a", url: "https://siem.example.com/in", headers: { "X-Tenant": "one", "X-Old": "two" } },
  });
  ({ id, secret } = body);
  path = `${WS}/destinations/${id}`;
});
afterEach(() => manage.close());

const patch = (body: unknown, match = '"1"'): Promise<Answer> =>
  manage.ask("PATCH", path, { body, headers: { "if-match": match } });
const row = () => manage.dependencies.registry.readDestination("ws_1", id);
const lane = () => manage.dependencies.registry.readLane("ws_1", id, "live");
const typesOf = async (): Promise<string[]> =>
  (await manage.recorded("ws_1")).map(({ type }) => type.replace("pro.atmos.", ""));

describe("changing a destination", () => {
  it("changes the named fields, leaves the others, and returns the next version", async () => {
    manage.clock.now += 1000;
    const { status, headers, body } = await patch({ name: "b", url: "https://siem.example.com/v2" });
    expect(status).toBe(200);
    expect(headers["etag"]).toBe('"2"');
    expect(body).toMatchObject({
      name: "b",
      url: "https://siem.example.com/v2",
      headers: { "X-Tenant": "[redacted]", "X-Old": "[redacted]" },
      updatedAt: "2026-11-23T05:00:01.000Z",
    });
    expect(await row()).toMatchObject({ version: 2, contentVersion: 1 });
    expect((await lane())?.version).toBe(1);
  });

  it("updates the lane in the same transaction when format or filter change (trace 10)", async () => {
    await patch({ eventTypes: ["pro.atmos.billing.*"] });
    expect(await row()).toMatchObject({ version: 2, contentVersion: 2 });
    expect((await lane())?.version).toBe(2);
    await patch({ format: "cloudevents-structured" }, '"2"');
    expect(await row()).toMatchObject({ version: 3, contentVersion: 3 });
    expect((await lane())?.version).toBe(3);
    await patch({ format: null, eventTypes: null }, '"3"');
    expect(await row()).toMatchObject({ format: "cloudevents-batch", eventTypes: [], contentVersion: 4 });
  });

  it("makes a running attempt be followed by an immediate retry", async () => {
    const at = "2026-11-23T05:00:00.000Z";
    const end = { page: 1, index: 1 };
    const facts = { id: "whd_1", selectedAt: at, format: "cloudevents-batch", contentVersion: 1 } as const;
    const started = await lane();
    if (started === undefined) throw new Error("no lane");
    const batch = { ...facts, end, count: 1, check: "" };
    const pending = transition(started, {
      kind: "batch-selected",
      batch,
      begin: started.cursor,
      expired: [],
    });
    await manage.dependencies.registry.commit([{ kind: "replace", row: rowOf(pending) }]);
    manage.wakeUps.woken.length = 0;
    await patch({ url: "https://siem.example.com/mended" });
    expect(await lane()).toMatchObject({ version: 3, immediateRetries: 1, pending: { id: "whd_1" } });
    expect(manage.wakeUps.woken).toHaveLength(1);
  });

  it("preserves a change of the lane that deliver makes at the same time", async () => {
    const before = await lane();
    const commit = manage.dependencies.registry.commit;
    Object.assign(manage.dependencies.registry, {
      commit: async (writes: Parameters<typeof commit>[0]) => {
        // Deliver writes first, once.
        if (before !== undefined && (await lane())?.version === 1) {
          await commit([{ kind: "replace", row: rowOf({ ...before, number: 7 }) }]);
        }
        return commit(writes);
      },
    });
    expect((await patch({ eventTypes: ["pro.atmos.*"] })).status).toBe(200);
    expect(await lane()).toMatchObject({ version: 3, number: 7 });
  });

  it("sets, keeps and removes headers by name, ignoring case", async () => {
    const { status, body } = await patch({
      headers: { "x-tenant": "three", "X-Old": null, "X-New": "four" },
    });
    expect(status).toBe(200);
    expect(body.headers).toEqual({ "x-tenant": "[redacted]", "X-New": "[redacted]" });
    expect(await manage.secretOf("ws_1", id)).toEqual({
      current: secret,
      former: [],
      headers: { "x-tenant": "three", "X-New": "four" },
      auth: { type: "none" },
    });
    const kept = await patch({ headers: { "X-New": "[redacted]" } }, '"2"');
    expect(kept.status).toBe(200);
    expect((await manage.secretOf("ws_1", id)).headers).toEqual({ "x-tenant": "three", "X-New": "four" });
    await patch({ headers: null }, '"3"');
    expect((await manage.secretOf("ws_1", id)).headers).toEqual({});
  });

  it("refuses the placeholder for a header that does not exist, and changes nothing", async () => {
    const { status, body } = await patch({ headers: { "X-Else": "[redacted]" } });
    expect(status).toBe(400);
    expect(body.field).toBe("headers.X-Else");
    expect((await patch({ headers: { "X-Tenant": "works again" } })).status).toBe(200);
  });

  it("writes nothing when no value changes", async () => {
    const { status, headers } = await patch({ name: "a", url: "https://siem.example.com/in" });
    expect(status).toBe(200);
    expect(headers["etag"]).toBe('"1"');
    expect(await typesOf()).not.toContain("webhook.updated");
  });

  it("is refused with 428 without If-Match and with 412 for another version", async () => {
    const { status, body } = await manage.ask("PATCH", path, { body: { name: "b" } });
    expect(status).toBe(428);
    expect(body.field).toBe("If-Match");
    for (const match of ['"2"', "1", 'W/"1"', "x"])
      expect((await patch({ name: "b" }, match)).status).toBe(412);
    expect((await patch({ name: "b" }, "*")).status).toBe(200);
  });

  it("lets one of two concurrent changes win completely and refuses the other", async () => {
    const answers = await Promise.all([
      patch({ name: "b", eventTypes: ["pro.atmos.a.*"] }),
      patch({ name: "c", eventTypes: ["pro.atmos.b.*"] }),
      patch({ name: "d", headers: { "X-Tenant": "five" } }),
    ]);
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409 || status === 412)).toHaveLength(2);
    const stored = await row();
    expect(stored).toMatchObject(
      { b: { eventTypes: ["pro.atmos.a.*"] }, c: { eventTypes: ["pro.atmos.b.*"] }, d: { eventTypes: [] } }[
        stored?.name ?? ""
      ] ?? {},
    );
    expect((await typesOf()).filter((type) => type === "webhook.updated")).toHaveLength(1);
    // The current secret can be read, whichever change won.
    expect((await manage.secretOf("ws_1", id)).current).toBe(secret);
  });

  it.each([
    ["a reserved header", { headers: { Host: "x" } }, "headers.Host"],
    ["an inner host", { url: "https://metadata.internal/" }, "url"],
    ["enabled", { enabled: false }, "enabled"],
    ["a null name", { name: null }, "name"],
    ["a foreign filter", { eventTypes: ["com.acme.x.y"] }, "eventTypes[0]"],
  ])("refuses %s", async (_name, change, field) => {
    const { status, body } = await patch(change);
    expect(status).toBe(400);
    expect(body.field).toBe(field);
    expect((await row())?.version).toBe(1);
  });

  it("records the names of the changed fields without their values", async () => {
    await patch({ url: "https://siem.example.com/hush", headers: { "X-Tenant": "hush" } });
    const updated = (await manage.recorded("ws_1")).find(({ type }) => type.endsWith("webhook.updated"));
    expect(updated?.data["metadata"]).toEqual({ changed: ["url", "headers"] });
    expect(JSON.stringify(updated)).not.toContain("hush");
  });
});

describe("rotating the secret", () => {
  const rotate = (body?: unknown): Promise<Answer> =>
    manage.ask("POST", `${path}/rotate-secret`, body === undefined ? {} : { body });

  it("shows the new secret, and the old one signs for one more day", async () => {
    const { status, body } = await rotate();
    expect(status).toBe(200);
    expect(body.previousValidUntil).toBe("2026-11-24T05:00:00.000Z");
    expect(body.secret).not.toBe(secret);
    expect(await manage.secretOf("ws_1", id)).toMatchObject({
      current: body.secret,
      former: [{ secret, validUntil: "2026-11-24T05:00:00.000Z" }],
      headers: { "X-Tenant": "one", "X-Old": "two" },
    });
    expect((await row())?.version).toBe(2);
  });

  it("again within the grace period keeps the secret that the receiver may still have", async () => {
    const first = await rotate({ graceSeconds: 3600 });
    manage.clock.now += 60_000;
    const second = await rotate({ graceSeconds: 3600 });
    expect(await manage.secretOf("ws_1", id)).toMatchObject({
      current: second.body.secret,
      former: [
        { secret: first.body.secret, validUntil: "2026-11-23T06:01:00.000Z" },
        { secret, validUntil: "2026-11-23T06:00:00.000Z" },
      ],
    });
    manage.clock.now = NOW + 3_700_000;
    await rotate({ graceSeconds: 0 });
    expect((await manage.secretOf("ws_1", id)).former).toEqual([]);
  });

  it("works repeatedly, whatever happened to earlier versions", async () => {
    for (let round = 0; round < 6; round++) {
      const { body } = await rotate({ graceSeconds: 0 });
      expect((await manage.secretOf("ws_1", id)).current).toBe(body.secret);
    }
  });

  it.each([[{ graceSeconds: -1 }], [{ graceSeconds: 604_801 }], [{ graceSeconds: "1" }], [{ grace: 1 }]])(
    "refuses %j",
    async (body) => {
      const answer = await rotate(body);
      expect(answer.status).toBe(400);
      expect((await manage.secretOf("ws_1", id)).current).toBe(secret);
    },
  );

  it("three times at once leaves one complete secret, which one of the callers knows", async () => {
    const answers = await Promise.all([rotate(), rotate(), rotate()]);
    const won = answers.filter(({ status }) => status === 200);
    expect(won.length).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(3 - won.length);
    const { current } = await manage.secretOf("ws_1", id);
    expect(won.map(({ body }) => body.secret)).toContain(current);
  });

  it("records an audit event without the secret", async () => {
    const { body } = await rotate();
    const log = JSON.stringify(await manage.recorded("ws_1"));
    expect(log).toContain("pro.atmos.webhook.secret_rotated");
    expect(log).not.toContain(secret);
    expect(log).not.toContain(body.secret);
  });
});

describe("testing a destination", () => {
  it("returns the delivery function's result, at most ten times in any minute", async () => {
    for (let count = 0; count < 10; count++) {
      manage.clock.now += 5000;
      expect((await manage.ask("POST", `${path}/test`)).body).toMatchObject({ ok: true });
    }
    const { status, headers, body } = await manage.ask("POST", `${path}/test`);
    expect(status).toBe(429);
    expect(headers["retry-after"]).toBe("15");
    expect(body).toMatchObject({ limit: "10 in 60 s for a workspace" });
    manage.clock.now += 15_000;
    expect((await manage.ask("POST", `${path}/test`)).status).toBe(200);
    expect(manage.tests).toHaveLength(11);
    expect((await typesOf()).filter((type) => type === "webhook.tested")).toHaveLength(11);
  });

  it("counts every one of several concurrent tests", async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => manage.ask("POST", `${path}/test`)));
    const ok = answers.filter(({ status }) => status === 200).length;
    expect(manage.tests).toHaveLength(ok);
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
    expect((await typesOf()).filter((type) => type === "webhook.tested")).toHaveLength(ok);
  });

  it("works while the destination is disabled", async () => {
    await manage.ask("POST", `${path}/disable`);
    expect((await manage.ask("POST", `${path}/test`)).status).toBe(200);
  });
});

describe("deleting a destination", () => {
  it("removes its lane and secret, and records that", async () => {
    expect((await manage.ask("DELETE", path)).status).toBe(204);
    expect(await manage.secretNames()).toEqual([]);
    expect(await manage.dependencies.registry.listLanes("ws_1")).toEqual([]);
    expect(await manage.dependencies.registry.listUnfinished("ws_1")).toEqual([]);
    expect((await manage.ask("GET", path)).status).toBe(404);
    expect((await manage.ask("DELETE", path)).status).toBe(404);
    expect(await typesOf()).toContain("webhook.deleted");
  });

  it("makes room for another destination", async () => {
    for (let count = 0; count < 2; count++) {
      await manage.ask("POST", `${WS}/destinations`, {
        body: { name: "x", url: "https://siem.example.com" },
      });
    }
    const full = { body: { name: "x", url: "https://siem.example.com" } };
    expect((await manage.ask("POST", `${WS}/destinations`, full)).status).toBe(409);
    await manage.ask("DELETE", path);
    expect((await manage.ask("POST", `${WS}/destinations`, full)).status).toBe(201);
    expect((await manage.ask("POST", `${WS}/destinations`, full)).status).toBe(409);
  });
});
