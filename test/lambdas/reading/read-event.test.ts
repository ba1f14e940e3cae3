import { encodeTime } from "ulid";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SPANS_LOOKED_AT } from "../../../lambdas/core/reading/event-delivery.ts";
import type { Entry } from "../../../lambdas/core/entry/entry.ts";
import { eventId } from "../../../lambdas/core/base/ids.ts";
import { DAY_MS } from "../../../lambdas/core/workspace/retention.ts";
import { createTenDays, type ReadingWorld, START } from "../../helpers/reading-world.ts";
import { postedEvent } from "../../helpers/recorded-workspace.ts";

const COVERING = `whd_${encodeTime(START + 5 * DAY_MS + 1_000, 10)}AAAAAAAAAAAAAAAA`;
const LATER = `whd_${encodeTime(START + 6 * DAY_MS + 1_000, 10)}BBBBBBBBBBBBBBBB`;

let world: ReadingWorld;
beforeEach(async () => void (world = await createTenDays()));
afterEach(() => world.close());

describe("one event", () => {
  const destination = (name: string, eventTypes: string[], contentVersion = 1) => ({
    workspace: "ws_1",
    item: `destination#${name}`,
    destination: name,
    eventTypes,
    contentVersion,
  });
  const delivery = (name: string, id: string, span: object) => ({
    destination: `ws_1/${name}`,
    delivery: id,
    outcome: "delivered",
    createdAt: "2026-11-06T00:00:01.000Z",
    count: 2,
    contentVersion: 1,
    expiresAt: Math.floor(START / 1000) + 40 * 86_400,
    ...span,
  });
  it("is found by its id, with the deliveries that contained it", async () => {
    const [{ recordedAt, ...event }] = (await world.ask("GET /ws/events", { target: "inv_5" })).json().items;
    const found = await world.byId(event.id);
    expect(found.json()).toMatchObject({ event, recordedAt, deliveries: [] });

    const rows = [
      delivery("dst_A", COVERING, { first: { page: 6, index: 0 }, end: { page: 6, index: 2 } }),
      delivery("dst_A", LATER, { first: { page: 7, index: 0 }, end: { page: 8, index: 0 } }),
    ];
    await world.put("Registry", [destination("dst_A", [])]);
    await world.put("Deliveries", rows);
    const { deliveries, moreDeliveries } = (await world.byId(event.id)).json();
    expect(deliveries).toEqual([
      {
        destination: "dst_A",
        id: COVERING,
        outcome: "delivered",
        frozenAt: "2026-11-06T00:00:01.000Z",
        certain: true,
      },
    ]);
    expect(moreDeliveries).toBe(false);
  });

  describe("is not shown in every delivery whose span includes it", () => {
    const PAGE = { first: { page: 7, index: 0 }, end: { page: 7, index: 2 } };
    let event: { id: string; recordedAt: string };
    const shown = async (name: string) =>
      (await world.byId(event.id))
        .json()
        .deliveries.filter((found: { destination: string }) => found.destination === name);

    beforeEach(async () => {
      [event] = (await world.ask("GET /ws/events", { target: "inv_6" })).json().items;
    });

    it("but is left out if the destination's filter does not want it", async () => {
      await world.put("Registry", [destination("dst_team", ["pro.atmos.team_member.*"])]);
      await world.put("Deliveries", [delivery("dst_team", LATER, { ...PAGE, count: 1 })]);
      expect(await shown("dst_team")).toEqual([]);
    });

    it("but is left out if a replay covered other times", async () => {
      const recorded = (from: number, to: number) => {
        const [begin, end] = [from, to].map((ms) =>
          new Date(Date.parse(event.recordedAt) + ms).toISOString(),
        );
        return { recorded: { from: begin, to: end } };
      };
      const other = LATER.replaceAll("B", "C");
      await world.put("Registry", [destination("dst_replayed", [])]);
      await world.put("Deliveries", [
        delivery("dst_replayed", LATER, { ...PAGE, ...recorded(0, 1) }),
        delivery("dst_replayed", other, { ...PAGE, ...recorded(1, 60_000) }),
      ]);
      expect(await shown("dst_replayed")).toMatchObject([{ id: LATER, certain: true }]);
    });

    it("but is shown as uncertain once the filter was changed, unless the whole span was delivered", async () => {
      await world.put("Registry", [destination("dst_changed", ["pro.atmos.team_member.*"], 2)]);
      await world.put("Deliveries", [delivery("dst_changed", LATER, { ...PAGE, count: 1 })]);
      expect(await shown("dst_changed")).toMatchObject([{ id: LATER, certain: false }]);
      await world.put("Deliveries", [delivery("dst_changed", LATER, { ...PAGE, count: 2 })]);
      expect(await shown("dst_changed")).toMatchObject([{ id: LATER, certain: true }]);
    });

    it("but is left out if the delivery's row has outlived its TTL", async () => {
      await world.put("Registry", [destination("dst_gone", [])]);
      await world.put("Deliveries", [
        delivery("dst_gone", LATER, { ...PAGE, expiresAt: Math.floor(world.now / 1000) }),
      ]);
      expect(await shown("dst_gone")).toEqual([]);
    });

    it("but is left out if it reports a failure of the same destination", async () => {
      const { entry } = await world.recorded.record("ws_1", [
        postedEvent({
          category: "webhook",
          action: "delivery_failing",
          target: { type: "destination", id: "dst_failing" },
        }),
      ]);
      const newest = await world.recorded.journal.newestPage("ws_1");
      const page = newest?.page ?? 0;
      const span = { first: { page, index: 0 }, end: { page, index: 1 }, count: 1 };
      const id = (letter: string) => `whd_${encodeTime(world.now + 1, 10)}${letter.repeat(16)}`;
      await world.put("Registry", [destination("dst_failing", []), destination("dst_other", [])]);
      await world.put("Deliveries", [
        delivery("dst_failing", id("C"), span),
        delivery("dst_other", id("D"), span),
      ]);
      const { deliveries } = (await world.byId(eventId(entry, 0))).json();
      expect(deliveries.map((found: { destination: string }) => found.destination)).toEqual(["dst_other"]);
    });

    it("and is found in its first delivery and in a recent replay, newest first, with a mark if not all were examined", async () => {
      await world.put("Registry", [destination("dst_busy", [])]);
      const id = (number: number) =>
        `whd_${encodeTime(START + 6 * DAY_MS + number * 1_000, 10)}${"E".repeat(16)}`;
      const elsewhere = { first: { page: 9, index: 0 }, end: { page: 9, index: 2 } };
      const others = (from: number, to: number) =>
        Array.from({ length: to - from }, (_, index) => delivery("dst_busy", id(from + index), elsewhere));
      await world.put("Deliveries", [
        delivery("dst_busy", id(1), PAGE),
        ...others(2, 400),
        delivery("dst_busy", id(600), PAGE),
      ]);
      expect(await shown("dst_busy")).toMatchObject([{ id: id(600) }, { id: id(1) }]);
      expect((await world.byId(event.id)).json().moreDeliveries).toBe(false);
      await world.put("Deliveries", others(400, 2 * SPANS_LOOKED_AT + 10));
      expect(await shown("dst_busy")).toMatchObject([{ id: id(600) }, { id: id(1) }]);
      expect((await world.byId(event.id)).json().moreDeliveries).toBe(true);
    });
  });

  it("is found with its deliveries, however late it was journalled", async () => {
    const began = world.now + 1_000;
    const late: Entry[] = [];
    for (let number = 0; number < 40; number++) {
      world.now = began + number;
      late.push(await world.recorded.store("ws_1", [postedEvent()]));
    }
    world.now = began + 3_600_000;
    for (const entry of late) await world.recorded.journalise(entry);
    const page = (await world.recorded.journal.newestPage("ws_1"))?.page ?? 0;
    const id = `whd_${encodeTime(world.now + 1, 10)}${"F".repeat(16)}`;
    const span = { first: { page, index: 0 }, end: { page, index: 1 }, count: 1 };
    await world.put("Registry", [destination("dst_A", [])]);
    await world.put("Deliveries", [delivery("dst_A", id, span)]);
    const { deliveries } = (await world.byId(eventId(late.at(-1)!.entry, 0))).json();
    expect(deliveries).toMatchObject([{ id }]);
  });

  it("is found whatever number of shards the workspace had when it was recorded", async () => {
    for (const shard of [3, 63]) {
      const { entry } = await world.recorded.record("ws_1", [postedEvent()], 365, shard);
      expect((await world.byId(eventId(entry, 0))).json().entry).toBe(entry);
    }
  });

  it("is not found if it belongs to another workspace, has expired or has a malformed id", async () => {
    const foreign = await world.recorded.record("ws_2", [postedEvent()]);
    const expired = await world.recorded.journal.readPage("ws_1", 1);
    const ids = [`aud_${foreign.entry.slice(4)}00`, `aud_${expired?.entries[0]?.entry.slice(4)}00`, "aud_1"];
    for (const id of ids) {
      const { status, json } = await world.byId(id);
      expect({ status, title: json().title }).toEqual({ status: 404, title: "There is no such event" });
    }
  });
});
