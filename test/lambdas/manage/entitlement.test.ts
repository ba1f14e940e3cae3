import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Answer, type Management, NOW, startManagement } from "../../helpers/management.ts";

const WS = "/v1/workspaces/ws_1";
const DAY_MS = 86_400_000;

let manage: Management;

beforeEach(async () => {
  manage = await startManagement();
});
afterEach(() => manage.close());

const put = (body: unknown): Promise<Answer> =>
  manage.ask("PUT", `${WS}/entitlement`, { body, workspaces: "*", subject: "operator" });
const get = (): Promise<Answer> => manage.ask("GET", `${WS}/entitlement`);
const row = () => manage.dependencies.registry.readWorkspace("ws_1");

describe("an entitlement", () => {
  it("registers a workspace, and its members can read it", async () => {
    expect((await get()).status).toBe(404);
    const { status, body } = await put({ plan: "enterprise" });
    expect(status).toBe(201);
    expect(body).toEqual({
      workspace: "ws_1",
      plan: "enterprise",
      retentionDays: 365,
      forwarding: true,
      maxDestinations: 3,
      hold: null,
      endedAt: null,
      createdAt: "2026-11-23T05:00:00.000Z",
      updatedAt: "2026-11-23T05:00:00.000Z",
    });
    expect((await get()).body).toEqual(body);
  });

  it("shows the retention days in force while a change of the settings waits for the purge", async () => {
    await put({ plan: "enterprise" });
    const settings = manage.dependencies.settings;
    const { enterprise } = settings.plans;
    const plans = { ...settings.plans, enterprise: { ...enterprise, retentionDays: 30 } };
    Object.assign(manage.dependencies, { settings: { ...settings, plans } });
    manage.clock.now += DAY_MS;
    expect((await get()).body).toMatchObject({ retentionDays: 365 });
    expect((await put({ plan: "enterprise", hold: true })).body).toMatchObject({ retentionDays: 30 });
    const changed = (await manage.recorded("ws_1")).at(-1);
    expect(changed?.data).toMatchObject({ metadata: { retentionDays: 30, before: { retentionDays: 365 } } });
  });

  it("is changed, keeps the earlier retention, and records who changed it", async () => {
    await put({ plan: "enterprise" });
    manage.clock.now += DAY_MS;
    const { status, body } = await put({ plan: "free", retentionDays: 30 });
    expect(status).toBe(200);
    expect(body).toMatchObject({ plan: "free", retentionDays: 30, forwarding: false });
    expect(await row()).toMatchObject({
      version: 2,
      appliedDays: 30,
      history: { kept: { days: 365, until: "2026-12-01T05:00:00.000Z" } },
    });
    const events = await manage.recorded("ws_1");
    expect(events.map(({ type }) => type)).toEqual([
      "pro.atmos.entitlement.created",
      "pro.atmos.entitlement.changed",
    ]);
    expect(events[1]?.data).toMatchObject({
      actor: { id: "operator" },
      target: { type: "workspace", id: "ws_1" },
      metadata: { plan: "free", retentionDays: 30, before: { plan: "enterprise", retentionDays: 365 } },
    });
  });

  it("is not changed by a PUT with the same values", async () => {
    await put({ plan: "enterprise", retentionDays: 400, hold: true });
    expect((await put({ plan: "enterprise", retentionDays: 400 })).status).toBe(200);
    expect((await row())?.version).toBe(1);
    expect(await manage.recorded("ws_1")).toHaveLength(1);
  });

  it("requests a purge at once when a hold or the retention changes, and only then", async () => {
    await put({ plan: "enterprise" });
    const before = manage.purges.length;
    await put({ plan: "enterprise", hold: true });
    await put({ plan: "enterprise", hold: true });
    await put({ plan: "free" });
    expect(manage.purges.slice(before)).toEqual(["ws_1", "ws_1"]);
  });

  it("that is created under a hold requests the purge that confirms it", async () => {
    await put({ plan: "enterprise", hold: true });
    expect(manage.purges).toEqual(["ws_1"]);
  });

  it("shows until when a smaller plan keeps the events that it hides", async () => {
    await put({ plan: "enterprise" });
    manage.clock.now += DAY_MS;
    await put({ plan: "free" });
    const changed = (await manage.recorded("ws_1")).at(-1);
    expect(changed?.data.metadata).toMatchObject({ keptUntil: new Date(NOW + 8 * DAY_MS).toISOString() });
  });

  it("pauses a running purge when a hold is set, and only when there was none before", async () => {
    const frozen: boolean[] = [];
    const { commit } = manage.dependencies.registry;
    manage.dependencies.registry.commit = async (writes) => {
      frozen.push(writes.some(({ kind }) => kind === "freeze"));
      return commit(writes);
    };
    await put({ plan: "enterprise" });
    await put({ plan: "enterprise", hold: true });
    await put({ plan: "free" });
    await put({ plan: "free", hold: false });
    expect(frozen).toEqual([false, true, false, false]);
  });

  it("keeps a legal hold until a request explicitly ends it", async () => {
    expect((await put({ plan: "enterprise", hold: true })).body.hold).toBe("pending");
    expect((await put({ plan: "free" })).body.hold).toBe("pending");
    expect((await put({ plan: "free", hold: false })).body.hold).toBeNull();
  });

  it("is stored completely by each of several concurrent requests", async () => {
    const answers = await Promise.all(
      [10, 20, 30].map((retentionDays) => put({ plan: "enterprise", retentionDays })),
    );
    const stored = answers.filter(({ status }) => status < 300);
    expect(stored).toHaveLength(3);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect((await row())?.version).toBe(3);
    expect(await manage.recorded("ws_1")).toHaveLength(3);
  });

  it.each([
    ["no plan", {}, "plan", "plan must be the name of a plan of this deployment."],
    [
      "an unknown plan",
      { plan: "gold" },
      "plan",
      "plan must be one of this deployment's plans: free, enterprise.",
    ],
    [
      "a plan named like a method",
      { plan: "toString" },
      "plan",
      "plan must be one of this deployment's plans: free, enterprise.",
    ],
    [
      "no retention",
      { plan: "free", retentionDays: 0 },
      "retentionDays",
      "retentionDays must be a whole number of days from 1 to 3650.",
    ],
    [
      "11 years",
      { plan: "free", retentionDays: 4015 },
      "retentionDays",
      "retentionDays must be a whole number of days from 1 to 3650.",
    ],
    [
      "half a day",
      { plan: "free", retentionDays: 0.5 },
      "retentionDays",
      "retentionDays must be a whole number of days from 1 to 3650.",
    ],
    ["hold as text", { plan: "free", hold: "yes" }, "hold", "hold must be true or false."],
    [
      "more",
      { plan: "free", seats: 1 },
      "seats",
      "seats is not a known property: there are plan, retentionDays, hold.",
    ],
  ])("with %s is refused", async (_name, sent, field, detail) => {
    const { status, body } = await put(sent);
    expect(status).toBe(400);
    expect(body).toMatchObject({ field, detail });
    expect(await row()).toBeUndefined();
  });

  it("can only be changed by operators", async () => {
    const refused = await manage.ask("PUT", `${WS}/entitlement`, { body: { plan: "enterprise" } });
    expect(refused).toMatchObject({
      status: 403,
      body: { type: "/problems/operator-only" },
    });
    const scope = await manage.ask("PUT", `${WS}/entitlement`, {
      body: { plan: "enterprise" },
      workspaces: "*",
      scope: "events:read",
    });
    expect(scope).toMatchObject({ status: 403, body: { scope: "entitlements:write" } });
    expect(await row()).toBeUndefined();
  });
});

describe("losing forwarding", () => {
  it("keeps destinations, and their lanes get a wake-up when it returns", async () => {
    await put({ plan: "enterprise" });
    const { body } = await manage.ask("POST", `${WS}/destinations`, {
      body: { name: "a", url: "https://siem.example.com" },
    });
    await put({ plan: "free" });
    expect((await manage.ask("GET", `${WS}/destinations`)).body.items).toHaveLength(1);
    await manage.ask("POST", `${WS}/destinations/${body.id}/disable`);
    const enable = await manage.ask("POST", `${WS}/destinations/${body.id}/enable`);
    expect(enable).toMatchObject({ status: 403, body: { plan: "enterprise" } });
    const off = await manage.ask("POST", `${WS}/destinations`, {
      body: { name: "b", url: "https://siem.example.com" },
    });
    expect(off.status).toBe(403);
    manage.wakeUps.woken.length = 0;
    await put({ plan: "enterprise" });
    expect(manage.wakeUps.woken).toEqual([]);
    await manage.ask("POST", `${WS}/destinations/${body.id}/enable`);
    await put({ plan: "free" });
    manage.wakeUps.woken.length = 0;
    await put({ plan: "enterprise" });
    expect(manage.wakeUps.woken).toEqual([{ workspace: "ws_1", destination: body.id, lane: "live" }]);
  });
});

describe("ending a workspace", () => {
  beforeEach(async () => {
    await put({ plan: "enterprise" });
    for (const name of ["a", "b"]) {
      await manage.ask("POST", `${WS}/destinations`, { body: { name, url: "https://siem.example.com" } });
    }
  });
  const end = (): Promise<Answer> => manage.ask("DELETE", `${WS}/entitlement`, { workspaces: "*" });

  it("removes destinations and secrets at once, and every route then says that it has ended", async () => {
    expect((await end()).status).toBe(204);
    expect(await manage.secretNames()).toEqual([]);
    expect(await manage.dependencies.registry.listLanes("ws_1")).toEqual([]);
    expect((await get()).body).toMatchObject({ endedAt: "2026-11-23T05:00:00.000Z", forwarding: false });
    expect((await manage.ask("GET", `${WS}/destinations`)).status).toBe(410);
    const types = (await manage.recorded("ws_1")).map(({ type }) => type);
    expect(types.filter((type) => type.endsWith("webhook.deleted"))).toHaveLength(2);
    expect(types.filter((type) => type.endsWith("entitlement.ended"))).toHaveLength(1);
  });

  it("requests the purge that keeps the log for the grace period", async () => {
    await end();
    expect(manage.purges).toEqual(["ws_1"]);
  });

  it("is completed by a repeated request after a crash", async () => {
    let deleted = 0;
    manage.steps.before = (step) => {
      if (step === "commit" && manage.steps.seen.includes("deleteSecret") && deleted++ === 0) {
        throw new Error("killed");
      }
    };
    manage.steps.seen.length = 0;
    expect((await end()).status).toBe(500);
    manage.steps.before = () => {};
    expect(await manage.dependencies.registry.listDestinations("ws_1", undefined, 9)).toHaveLength(1);
    expect((await end()).status).toBe(204);
    expect(await manage.secretNames()).toEqual([]);
    expect(await manage.dependencies.registry.listDestinations("ws_1", undefined, 9)).toEqual([]);
  });

  it("prevents a concurrent create from leaving a destination behind", async () => {
    let ended: Promise<Answer> | undefined;
    manage.steps.after = (step) => {
      if (step === "createSecret") ended ??= end();
    };
    const commit = manage.dependencies.registry.commit;
    Object.assign(manage.dependencies.registry, {
      commit: async (writes: Parameters<typeof commit>[0]) => {
        if (writes.some((write) => write.kind === "count" && write.by > 0)) await ended;
        return commit(writes);
      },
    });
    const created = await manage.ask("POST", `${WS}/destinations`, {
      body: { name: "c", url: "https://siem.example.com" },
    });
    expect(created.status).toBe(410);
    expect(await manage.dependencies.registry.listDestinations("ws_1", undefined, 9)).toEqual([]);
    expect(await manage.secretNames()).toEqual([]);
  });

  it("can be undone: the workspace continues with the rest of its log", async () => {
    await end();
    manage.clock.now = NOW + DAY_MS;
    expect((await put({ plan: "enterprise" })).body).toMatchObject({ endedAt: null, forwarding: true });
    expect((await manage.ask("GET", `${WS}/destinations`)).body.items).toEqual([]);
  });

  it("and undoing it after the grace period shows nothing that may have been removed", async () => {
    await end();
    manage.clock.now = NOW + 31 * DAY_MS;
    await put({ plan: "enterprise" });
    expect((await row())?.history).toEqual({ floor: new Date(NOW + 31 * DAY_MS).toISOString() });
  });

  it("and undoing it after the grace period keeps the whole log under a legal hold", async () => {
    await put({ plan: "enterprise", hold: true });
    await end();
    manage.clock.now = NOW + 40 * DAY_MS;
    await put({ plan: "enterprise", hold: false });
    expect(await row()).toMatchObject({ appliedDays: 365 });
    expect((await row())?.history).toBeUndefined();
    expect((await row())?.hold).toBeUndefined();
  });

  it("that does not exist is refused with 404", async () => {
    const answer = await manage.ask("DELETE", "/v1/workspaces/ws_none/entitlement", { workspaces: "*" });
    expect(answer.status).toBe(404);
  });
});
