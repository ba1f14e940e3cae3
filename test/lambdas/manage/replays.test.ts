import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RegistryWrite } from "../../../lambdas/core/destination/registry-write.ts";
import { referenceOf } from "../../../lambdas/core/entry/build-entry.ts";
import { buildOwnEntry } from "../../../lambdas/core/entry/own-entry.ts";
import { newId } from "../../../lambdas/core/base/ids.ts";
import {
  agedPage,
  DISABLED,
  freezeFirst,
  page,
  WHD,
  WS,
  type ManagedLane,
  startManagedLane,
} from "../../helpers/managed-lane.ts";
import { NOW } from "../../helpers/management.ts";

let manage: ManagedLane;

beforeEach(async () => {
  manage = await startManagedLane();
});
afterEach(() => manage.close());

describe("replays", () => {
  const window = {
    from: new Date(NOW + 1.5 * 3_600_000).toISOString(),
    to: new Date(NOW + 3.5 * 3_600_000).toISOString(),
  };

  it("are counted before they are started", async () => {
    await manage.putPages(5);
    const { status, body } = await manage.post("replays", { ...window, dryRun: true });
    expect(status).toBe(200);
    expect(body).toEqual({
      dryRun: true,
      ...window,
      events: 4,
      exact: true,
      journalledEvents: 4,
      startsAt: { page: 2, index: 0 },
    });
    expect((await manage.ask("GET", `${manage.path}/replays`)).body.items).toEqual([]);
  });

  it("count the events that the filter lets through, exactly if that takes few reads", async () => {
    const references = await Promise.all(["paid", "sent", "paid"].map((action) => manage.recordOne(action)));
    await manage.putPage(page(1, { entries: references, total: 3 }));
    manage.clock.now = NOW + 2 * 3_600_000;
    await manage.ask("PATCH", manage.path, {
      body: { eventTypes: ["pro.atmos.billing.paid"] },
      headers: { "if-match": "*" },
    });
    const all = { from: "2026-11-23T00:00:00Z", to: "2026-11-24T00:00:00Z", dryRun: true };
    expect((await manage.post("replays", all)).body).toMatchObject({
      events: 2,
      exact: true,
      journalledEvents: 3,
    });
    await manage.putPage(page(2, { total: 3_003 }));
    expect((await manage.post("replays", all)).body).toMatchObject({ events: 3003, exact: false });
  });

  it("are counted without expired events on their first pages", async () => {
    const at = new Date(NOW + 20 * 60_000).toISOString();
    await manage.putPage(agedPage(1, [-10, 0, 10]));
    await manage.putPage({ ...agedPage(2, [11, 12], 5), at });
    await manage.putPage({ ...agedPage(3, [13, 25], 7), at: new Date(NOW + 25 * 60_000).toISOString() });
    await manage.putPage(agedPage(4, [26], 8));
    const all = { from: "2026-11-23T00:00:00Z", to: "2026-11-24T00:00:00Z", dryRun: true };
    const countAt = async (minute: number): Promise<unknown[]> => {
      manage.clock.now = NOW + minute * 60_000 + 365 * 86_400_000;
      const { body } = await manage.post("replays", all);
      return [body.events, body.exact, body.startsAt.page];
    };
    expect(await countAt(-10)).toEqual([8, true, 1]);
    expect(await countAt(5)).toEqual([6, true, 1]);
    expect(await countAt(20)).toEqual([2, true, 3]);
    expect(await countAt(26)).toEqual([1, true, 4]);
    expect(await countAt(27)).toEqual([0, true, 5]);
  });

  it("are counted exactly despite pages with expired events, unless there are too many pages to read", async () => {
    const at = new Date(NOW + 20 * 60_000).toISOString();
    for (let number = 1; number <= 12; number++)
      await manage.putPage({ ...agedPage(number, [0, 20], number * 2), at });
    manage.clock.now = NOW + 10 * 60_000 + 365 * 86_400_000;
    const all = { from: "2026-11-23T00:00:00Z", to: "2026-11-24T00:00:00Z", dryRun: true };
    expect((await manage.post("replays", all)).body).toMatchObject({ events: 12, exact: true });
    await manage.putPage({ ...agedPage(13, [21], 2_024), at });
    expect((await manage.post("replays", all)).body).toMatchObject({ events: 2_014, exact: false });
  });

  it("are counted without notices about the destination itself", async () => {
    const { dependencies } = manage;
    const row = await dependencies.registry.readWorkspace("ws_1");
    if (row === undefined) throw new Error("no workspace");
    const references = ["failing", "recovered"].map(async (kind) => {
      const target = { type: "destination", id: manage.id };
      const event = {
        category: "webhook",
        action: `delivery_${kind}`,
        actor: { type: "system", id: "a" },
        target,
      };
      const own = { workspace: row, event, trace: undefined };
      const entry = buildOwnEntry(own, NOW, dependencies.random, dependencies.settings);
      await dependencies.registry.commit([{ kind: "record", entry }]);
      return referenceOf(entry);
    });
    await manage.putPage(
      page(1, { entries: [await manage.recordOne("paid"), ...(await Promise.all(references))], total: 3 }),
    );
    manage.clock.now = NOW + 2 * 3_600_000;
    const all = { from: "2026-11-23T00:00:00Z", to: "2026-11-24T00:00:00Z", dryRun: true };
    expect((await manage.post("replays", all)).body).toMatchObject({
      events: 1,
      exact: true,
      journalledEvents: 3,
    });
  });

  it("with a filter exclude expired events that still exist", async () => {
    const references = await Promise.all(
      [0, 10].map((minute) => manage.recordOne("paid", NOW + minute * 60_000)),
    );
    await manage.putPage(page(1, { entries: references, total: 2 }));
    await manage.ask("PATCH", manage.path, {
      body: { eventTypes: ["pro.atmos.billing.paid"] },
      headers: { "if-match": "*" },
    });
    manage.clock.now = NOW + 5 * 60_000 + 365 * 86_400_000;
    const all = { from: "2026-11-23T00:00:00Z", to: "2026-11-24T00:00:00Z", dryRun: true };
    expect((await manage.post("replays", all)).body).toMatchObject({
      events: 1,
      exact: true,
      journalledEvents: 1,
    });
  });

  it("run in lanes of their own, show their progress, and end", async () => {
    await manage.putPages(5);
    const { status, body, headers } = await manage.post("replays", { ...window, eventsPerSecond: 10 });
    expect(status).toBe(201);
    expect(headers["location"]).toBe(`${manage.path}/replays/${body.id}`);
    expect(body).toMatchObject({
      status: "running",
      events: 4,
      passedEvents: 0,
      progress: 0,
      createdBy: "usr_1",
    });
    const started = await manage.lane(body.id);
    expect(started).toMatchObject({
      cursor: { page: 2, index: 0 },
      until: { page: 4, index: 0 },
      recorded: window,
      eventsPerSecond: 10,
      number: 1,
    });
    expect(manage.wakeUps.woken).toEqual([{ workspace: "ws_1", destination: manage.id, lane: body.id }]);
    const get = async () => (await manage.ask("GET", `${manage.path}/replays/${body.id}`)).body;
    await manage.store({ ...started, cursor: { page: 3, index: 1 } });
    expect(await get()).toMatchObject({ passedEvents: 3, progress: 0.75 });
    await manage.store({ ...(await manage.lane(body.id)), status: "suspended" });
    expect(await get()).toMatchObject({ status: "suspended" });
    await manage.store({ ...(await manage.lane(body.id)), cursor: { page: 4, index: 0 }, status: "ended" });
    expect(await get()).toMatchObject({ status: "done", passedEvents: 4, progress: 1 });
  });

  it("are cancelled once and close their pending batch", async () => {
    await manage.putPages(5);
    const { body } = await manage.post("replays", window);
    await manage.store(freezeFirst(await manage.lane(body.id)));
    expect((await manage.ask("DELETE", `${manage.path}/replays/${body.id}`)).status).toBe(204);
    expect((await manage.ask("DELETE", `${manage.path}/replays/${body.id}`)).status).toBe(204);
    expect((await manage.ask("GET", `${manage.path}/replays/${body.id}`)).body.status).toBe("cancelled");
    expect((await manage.ask("GET", `${manage.path}/deliveries/${WHD}`)).body).toMatchObject({
      outcome: "skipped",
      lane: body.id,
    });
    expect((await manage.types()).filter((type) => type === "webhook.replay_cancelled")).toHaveLength(1);
  });

  it("are limited to three at once and listed newest first", async () => {
    const ids: string[] = [];
    for (let count = 0; count < 3; count++) {
      manage.clock.now += 1000;
      ids.unshift((await manage.post("replays", window)).body.id);
    }
    expect(await manage.post("replays", window)).toMatchObject({ status: 409, body: { limit: "3 at once" } });
    const first = (await manage.ask("GET", `${manage.path}/replays`, { query: { limit: "2" } })).body;
    expect(first.items.map((replay: { id: string }) => replay.id)).toEqual(ids.slice(0, 2));
    const query = { limit: "2", cursor: first.nextCursor };
    const second = (await manage.ask("GET", `${manage.path}/replays`, { query })).body;
    expect(second).toMatchObject({ items: [{ id: ids[2] }], nextCursor: null });
  });

  it("are removed with their destination", async () => {
    await manage.post("replays", window);
    await manage.ask("DELETE", manage.path);
    expect(await manage.dependencies.registry.listRemains("ws_1", manage.id)).toEqual([]);
  });

  it("beyond fifty remove the oldest ended ones", async () => {
    const { body } = await manage.post("replays", window);
    await manage.ask("DELETE", `${manage.path}/replays/${body.id}`);
    const row = await manage.dependencies.registry.readReplay("ws_1", manage.id, body.id);
    const ended = await manage.lane(body.id);
    if (row === undefined) throw new Error("no replay");
    for (let first = 0; first < 51; first += 17) {
      const writes = Array.from({ length: 17 }, (_, index): RegistryWrite[] => {
        const replay = newId("rpl_", NOW + 1000 + first + index, manage.dependencies.random);
        return [
          { kind: "create", row: { ...row, replay, item: `replay#${manage.id}#${replay}` } },
          { kind: "create", row: { ...ended, lane: replay, item: `lane#${manage.id}#${replay}` } },
        ];
      });
      const [write, ...others] = writes.flat();
      if (write !== undefined) await manage.dependencies.registry.commit([write, ...others]);
    }
    await manage.post("replays", window);
    expect(await manage.dependencies.registry.listReplays("ws_1", manage.id)).toHaveLength(50);
    expect(await manage.dependencies.registry.listLanes("ws_1")).toHaveLength(51);
    expect((await manage.ask("GET", `${manage.path}/replays/${body.id}`)).status).toBe(404);
  });

  it.each([
    ["no end", { from: window.from }, "to"],
    ["the end first", { from: window.to, to: window.from }, "to"],
    ["no times", { from: "a", to: "b" }, "from"],
    ["a cap of nothing", { ...window, eventsPerSecond: 0 }, "eventsPerSecond"],
    ["dryRun as text", { ...window, dryRun: "yes" }, "dryRun"],
  ])("with %s are refused", async (_name, body, field) => {
    expect(await manage.post("replays", body)).toMatchObject({ status: 400, body: { field } });
  });

  it("of a disabled destination can be counted but not started", async () => {
    await manage.putPages(5);
    await manage.post("disable");
    expect(await manage.post("replays", { ...window, dryRun: true })).toMatchObject({ status: 200 });
    expect(await manage.post("replays", window)).toMatchObject(DISABLED);
    expect((await manage.ask("GET", `${manage.path}/replays`)).body.items).toEqual([]);
    expect(manage.wakeUps.woken).toEqual([]);
  });

  it("are paused while the plan has no forwarding", async () => {
    await manage.putPages(5);
    const { body } = await manage.post("replays", window);
    expect(body.status).toBe("running");
    await manage.ask("PUT", `${WS}/entitlement`, { body: { plan: "free" }, workspaces: "*" });
    expect((await manage.ask("GET", `${manage.path}/replays/${body.id}`)).body.status).toBe("paused");
  });

  it("need forwarding", async () => {
    await manage.ask("PUT", `${WS}/entitlement`, { body: { plan: "free" }, workspaces: "*" });
    expect(await manage.post("replays", window)).toMatchObject({ status: 403, body: { plan: "enterprise" } });
  });
});
