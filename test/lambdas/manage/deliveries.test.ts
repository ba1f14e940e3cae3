import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { newId } from "../../../lambdas/core/base/ids.ts";
import {
  freezeFirst,
  NEXT_ATTEMPT_AT,
  refuse,
  suspend,
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

describe("deliveries", () => {
  it("are shown with their attempts", async () => {
    await manage.refuseFirst("waiting");
    const { body } = await manage.ask("GET", `${manage.path}/deliveries/${WHD}`);
    expect(body).toMatchObject({
      id: WHD,
      lane: "live",
      number: 1,
      previousId: "-",
      outcome: "retry",
      count: 2,
      first: { page: 1, index: 0 },
      end: { page: 1, index: 2 },
      attempts: [{ attempt: 1, statusCode: 500, error: "HTTP 500", address: null }],
    });
    expect((await manage.ask("GET", manage.path)).body.health).toMatchObject({
      status: "failing",
      consecutiveFailures: 1,
      lastDelivery: { id: WHD, statusCode: 500 },
    });
  });

  describe("show the time of the next attempt", () => {
    const announced = async (): Promise<unknown[]> => {
      const one = await manage.ask("GET", `${manage.path}/deliveries/${WHD}`);
      const all = await manage.ask("GET", `${manage.path}/deliveries`);
      return [
        one.body.nextAttemptAt,
        ...all.body.items.map((item: { nextAttemptAt: unknown }) => item.nextAttemptAt),
      ];
    };
    const planTo = (plan: string) =>
      manage.ask("PUT", `${WS}/entitlement`, { body: { plan }, workspaces: "*" });

    beforeEach(() => manage.refuseFirst("waiting"));

    it.each<[string, () => Promise<unknown>, () => Promise<unknown>]>([
      ["the destination is disabled", () => manage.post("disable"), () => manage.post("enable")],
      ["the plan has no forwarding", () => planTo("free"), () => planTo("enterprise")],
      [
        "the lane is suspended",
        async () => manage.store({ ...(await manage.lane()), status: "suspended" }),
        async () => manage.store({ ...(await manage.lane()), status: "live" }),
      ],
    ])("but not while %s", async (_what, stop, goOn) => {
      expect(await announced()).toEqual([NEXT_ATTEMPT_AT, NEXT_ATTEMPT_AT]);
      await stop();
      expect(await announced()).toEqual([null, null]);
      await goOn();
      expect(await announced()).toEqual([NEXT_ATTEMPT_AT, NEXT_ATTEMPT_AT]);
    });

    it.each(["retry", "skip"])("show no next attempt in the response to a %s", async (action) => {
      expect((await manage.post(`deliveries/${WHD}/${action}`)).body).toMatchObject({
        id: WHD,
        nextAttemptAt: null,
      });
    });
  });

  it("that are suspended do not show the time of the owner's notice as a next attempt", async () => {
    await manage.store(suspend(freezeFirst(await manage.lane()), "gone"));
    expect((await manage.lane()).nextAttemptAt).toBeDefined();
    const { body } = await manage.ask("GET", `${manage.path}/deliveries/${WHD}`);
    expect(body).toMatchObject({ outcome: "suspend", nextAttemptAt: null });
  });

  it("of a replay show no next attempt while their destination is disabled", async () => {
    await manage.putPages(5);
    const replay = await manage.startReplay();
    await manage.store(refuse(freezeFirst(await manage.lane(replay))));
    const shown = async () => (await manage.ask("GET", `${manage.path}/deliveries/${WHD}`)).body;
    expect(await shown()).toMatchObject({ lane: replay, nextAttemptAt: NEXT_ATTEMPT_AT });
    await manage.post("disable");
    expect(await shown()).toMatchObject({ lane: replay, nextAttemptAt: null });
  });

  it("are listed in pages that Lambda can return, whatever a receiver answered", async () => {
    const answer = "\u0001".repeat(1024);
    const attempt = {
      at: "2026-11-23T05:00:00.000Z",
      outcome: "retry",
      statusCode: 500,
      durationMs: 1,
      error: "HTTP 500",
      answer,
    } as const;
    const attempts = Array.from({ length: 60 }, (_, index) => ({ ...attempt, attempt: index + 1 }));
    const rows = Array.from({ length: 40 }, (_, index) => ({
      destination: `ws_1/${manage.id}`,
      delivery: `whd_01KAQN3ZJ8W5M2T9C7R4X6V0${String(99 - index)}`,
      lane: "live",
      number: index + 1,
      previousId: "-",
      format: "cloudevents-batch",
      count: 1,
      first: { page: 1, index: 0 },
      end: { page: 1, index: 1 },
      outcome: "delivered" as const,
      attempts,
      createdAt: "2026-11-23T05:00:00.000Z",
      updatedAt: "2026-11-23T05:00:00.000Z",
      expiresAt: 9e9,
    }));
    const reading = vi.spyOn(manage.dependencies.deliveries, "listDeliveries");
    reading.mockImplementation(async (_workspace, _destination, { beforeId }) => ({
      deliveries: rows.filter(({ delivery }) => delivery < beforeId),
      next: undefined,
    }));
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: Record<string, string> = cursor === null ? {} : { cursor };
      const { status, body } = await manage.ask("GET", `${manage.path}/deliveries`, { query });
      expect(status).toBe(200);
      expect(JSON.stringify(JSON.stringify(body)).length).toBeLessThan(6_200_000);
      seen.push(...body.items.map((item: { id: string }) => item.id));
      cursor = body.nextCursor;
    } while (cursor !== null);
    reading.mockRestore();
    expect(seen).toEqual(rows.map(({ delivery }) => delivery));
  });

  it("are listed newest first, in pages, by outcome and time", async () => {
    const ids: string[] = [];
    for (let number = 1; number <= 25; number++) {
      const at = new Date(NOW + number * 60_000);
      const delivery = newId("whd_", at.getTime(), manage.dependencies.random);
      ids.unshift(delivery);
      await manage.note({
        facts: {
          destination: `ws_1/${manage.id}`,
          delivery,
          lane: "live",
          number,
          previousId: "-",
          format: "cloudevents-batch",
          count: 1,
          first: { page: 1, index: 0 },
          end: { page: 1, index: 1 },
          createdAt: at.toISOString(),
          expiresAt: number === 1 ? Math.floor(NOW / 1000) - 1 : 9e9,
        },
        outcome: number % 5 === 0 ? "skipped" : "delivered",
        at: at.toISOString(),
      });
    }
    const list = async (query: Record<string, string>): Promise<[string[], string | null]> => {
      const { body } = await manage.ask("GET", `${manage.path}/deliveries`, { query });
      return [body.items.map(({ id: delivery }: { id: string }) => delivery), body.nextCursor];
    };
    // The first one has expired, although its row still exists.
    expect(await list({})).toEqual([ids.slice(0, 24), null]);
    const [first, cursor] = await list({ limit: "10" });
    expect(first).toEqual(ids.slice(0, 10));
    const [second, more] = await list({ limit: "10", cursor: cursor ?? "" });
    expect(second).toEqual(ids.slice(10, 20));
    expect(await list({ limit: "10", cursor: more ?? "" })).toEqual([ids.slice(20, 24), null]);
    expect((await list({ outcome: "skipped" }))[0]).toEqual([0, 5, 10, 15, 20].map((place) => ids[place]));
    const [paged, rest] = await list({ outcome: "skipped", limit: "2" });
    expect(paged).toEqual([ids[0], ids[5]]);
    expect((await list({ outcome: "skipped", limit: "2", cursor: rest ?? "" }))[0]).toEqual([
      ids[10],
      ids[15],
    ]);
    const window = {
      from: new Date(NOW + 10 * 60_000).toISOString(),
      to: new Date(NOW + 12 * 60_000).toISOString(),
    };
    expect(await list(window)).toEqual([ids.slice(14, 16), null]);
    expect(await list({ from: window.to, to: window.from })).toEqual([[], null]);
    for (const query of [
      { cursor: cursor ?? "", outcome: "skipped" },
      { outcome: "lost" },
      { from: "now" },
    ]) {
      expect((await manage.ask("GET", `${manage.path}/deliveries`, { query })).status).toBe(400);
    }
  });
});
