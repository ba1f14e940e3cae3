import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { factsOf } from "../../helpers/lane-rows.ts";
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
import { type Answer, NOW } from "../../helpers/management.ts";

let manage: ManagedLane;

beforeEach(async () => {
  manage = await startManagedLane();
});
afterEach(() => manage.close());

describe("deliveries", () => {
  it("that wait are attempted at once", async () => {
    await manage.refuseFirst("waiting");
    expect((await manage.post(`deliveries/${WHD}/retry`)).status).toBe(202);
    const hurried = await manage.lane();
    expect(hurried.frozen?.id).toBe(WHD);
    expect(hurried).not.toHaveProperty("nextAttemptAt");
    expect(manage.wakeUps.woken).toHaveLength(1);
    expect(await manage.types()).toContain("webhook.delivery_retried");
  });

  it("of a suspended lane are attempted at once, and the lane resumes", async () => {
    await manage.refuseFirst("suspended");
    expect((await manage.post(`deliveries/${WHD}/retry`)).status).toBe(202);
    expect(await manage.lane()).toMatchObject({ status: "live", frozen: { id: WHD } });
  });

  it("of a disabled lane are not attempted", async () => {
    await manage.refuseFirst("waiting");
    await manage.post("disable");
    expect(await manage.post(`deliveries/${WHD}/retry`)).toMatchObject(DISABLED);
  });

  it("that are closed are not sent again while the destination is disabled", async () => {
    await manage.refuseFirst("waiting");
    await manage.putPages(2);
    await manage.post("enable", { from: "now" });
    await manage.post("disable");
    expect(await manage.post(`deliveries/${WHD}/retry`)).toMatchObject(DISABLED);
    expect((await manage.ask("GET", `${manage.path}/replays`)).body.items).toEqual([]);
    await manage.post("enable");
    expect((await manage.post(`deliveries/${WHD}/retry`)).status).toBe(202);
  });

  it("of a suspended replay are not attempted while the destination is disabled", async () => {
    await manage.putPages(2);
    const { body } = await manage.post("replays", { from: new Date(NOW).toISOString(), to: page(2).at });
    await manage.store({ ...freezeFirst(await manage.lane(body.id)), status: "suspended" });
    await manage.post("disable");
    expect(await manage.post(`deliveries/${WHD}/retry`)).toMatchObject(DISABLED);
    expect(await manage.lane(body.id)).toMatchObject({ status: "suspended" });
  });

  it("that are closed are sent again without expired events, and refused when none are left", async () => {
    await manage.refuseFirst("waiting");
    await manage.putPage(agedPage(1, [0, 60]));
    await manage.putPage(page(2));
    await manage.post("enable", { from: "now" });
    const body = { plan: "enterprise", retentionDays: 1 };
    await manage.ask("PUT", `${WS}/entitlement`, { body, workspaces: "*" });
    manage.clock.now = NOW + 86_400_000 + 30 * 60_000;
    const { headers } = await manage.post(`deliveries/${WHD}/retry`);
    const replay = await manage.ask("GET", headers["location"] ?? "");
    expect(replay.body).toMatchObject({ events: 1, exact: true, startsAt: { page: 1, index: 0 } });
    manage.clock.now += 45 * 60_000;
    expect(await manage.post(`deliveries/${WHD}/retry`)).toMatchObject({
      status: 409,
      body: { type: "/problems/nothing-to-send" },
    });
    expect((await manage.ask("GET", `${manage.path}/replays`)).body.items).toHaveLength(1);
  });

  it("that are closed are sent again as far as the present filter lets them through", async () => {
    await manage.refuseFirst("waiting");
    const references = await Promise.all(["paid", "sent", "paid"].map((action) => manage.recordOne(action)));
    await manage.putPage(page(1, { entries: references, total: 3 }));
    await manage.post("enable", { from: "now" });
    const want = (eventTypes: string[]): Promise<Answer> =>
      manage.ask("PATCH", manage.path, { body: { eventTypes }, headers: { "if-match": "*" } });
    await want(["pro.atmos.billing.paid"]);
    const { headers } = await manage.post(`deliveries/${WHD}/retry`);
    const replay = await manage.ask("GET", headers["location"] ?? "");
    expect(replay.body).toMatchObject({ events: 1, exact: true, journalledEvents: 2 });
    await want(["pro.atmos.billing.lost"]);
    expect((await manage.post(`deliveries/${WHD}/retry`)).status).toBe(409);
  });

  it("that are closed are sent again by a replay of exactly their events", async () => {
    await manage.refuseFirst("waiting");
    await manage.putPages(2);
    await manage.post("enable", { from: "now" });
    const { status, headers } = await manage.post(`deliveries/${WHD}/retry`);
    expect(status).toBe(202);
    const replay = await manage.ask("GET", headers["location"] ?? "");
    expect(replay.body).toMatchObject({ delivery: WHD, events: 2, exact: true, status: "running" });
    expect(await manage.lane(replay.body.id)).toMatchObject({
      cursor: { page: 1, index: 0 },
      until: { page: 1, index: 2 },
      status: "live",
    });
  });

  it.each([
    ["was forgotten", true],
    ["alone knows its window", false],
  ])(
    "of a replay that %s are sent again without events outside of the replay's time range",
    async (_, isForgotten) => {
      await manage.putPage(agedPage(1, [10, 0, 11]));
      const [from, to] = [5, 15].map((minute) => new Date(NOW + minute * 60_000).toISOString());
      const { body } = await manage.post("replays", { from, to });
      expect(body).toMatchObject({ events: 2, exact: true, journalledEvents: 3 });
      const facts = factsOf(freezeFirst(await manage.lane(body.id)), 30, NOW);
      const covers = { first: { page: 1, index: 0 }, end: { page: 1, index: 3 } };
      await manage.note({
        facts: { ...facts, ...covers, recorded: isForgotten ? facts.recorded : undefined },
        outcome: "delivered",
        at: new Date(NOW).toISOString(),
      });
      if (isForgotten) {
        const { item } = await manage.lane(body.id);
        await manage.dependencies.registry.removeRow({ workspace: "ws_1", item });
      }
      const { headers } = await manage.post(`deliveries/${WHD}/retry`);
      const again = (await manage.ask("GET", headers["location"] ?? "")).body;
      expect(again).toMatchObject({ delivery: WHD, events: 2, exact: true });
      expect(await manage.lane(again.id)).toMatchObject({ recorded: { from, to }, until: covers.end });
    },
  );

  it("are marked to be skipped, and deliver skips them", async () => {
    await manage.refuseFirst("suspended");
    expect((await manage.post(`deliveries/${WHD}/skip`)).status).toBe(202);
    expect((await manage.post(`deliveries/${WHD}/skip`)).status).toBe(202);
    expect(await manage.lane()).toMatchObject({ status: "live", skip: 1, frozen: { id: WHD } });
    const skips = (await manage.recorded("ws_1")).filter(({ type }) => type.endsWith("delivery_skipped"));
    expect(skips).toHaveLength(1);
    expect(skips[0]?.data["metadata"]).toEqual({ delivery: WHD, number: 1, events: 2 });
  });

  it("that are pending in a lane are found after their rows have expired", async () => {
    await manage.refuseFirst("suspended");
    manage.clock.now = NOW + 31 * 86_400_000;
    expect((await manage.ask("GET", manage.path)).body.health.lastDelivery.id).toBe(WHD);
    const shown = await manage.ask("GET", `${manage.path}/deliveries/${WHD}`);
    expect(shown.body).toMatchObject({ outcome: "suspend", attempts: [{ attempt: 1 }] });
    expect((await manage.post(`deliveries/${WHD}/skip`)).status).toBe(202);
    expect(await manage.lane()).toMatchObject({ status: "live", skip: 1 });
    await manage.store({ ...(await manage.lane()), frozen: undefined, skip: undefined });
    expect((await manage.post(`deliveries/${WHD}/skip`)).status).toBe(404);
  });

  it.each(["retry", "skip"])("that wait for their first attempt accept a %s", async (action) => {
    await manage.store(freezeFirst(await manage.lane()));
    const shown = await manage.ask("GET", `${manage.path}/deliveries/${WHD}`);
    expect(shown.body).toMatchObject({ id: WHD, outcome: "retry", number: 1, count: 2, attempts: [] });
    expect((await manage.post(`deliveries/${WHD}/${action}`)).status).toBe(202);
    expect((await manage.lane()).skip).toBe(action === "skip" ? 1 : undefined);
    expect(manage.wakeUps.woken).toHaveLength(1);
  });

  it("that are closed cannot be skipped", async () => {
    await manage.refuseFirst("waiting");
    await manage.post("enable", { from: "now" });
    expect(await manage.post(`deliveries/${WHD}/skip`)).toMatchObject({
      status: 409,
      body: { type: "/problems/delivery-closed" },
    });
  });
});
