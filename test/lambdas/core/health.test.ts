import { beforeEach, describe, expect, it } from "vitest";
import { type Health, healthOf } from "../../../lambdas/core/health.ts";
import { disableLane } from "../../../lambdas/core/start-lane.ts";
import { answered, LaneWorld, WS } from "../../helpers/in-memory-lanes.ts";

let world: LaneWorld;

beforeEach(() => {
  world = new LaneWorld();
});

function health(): Health {
  const pages = world.journal.pagesOf(WS);
  const lane = world.lane();
  return healthOf(lane, { newest: pages.at(-1), next: pages.find(({ page }) => page >= lane.cursor.page) });
}

describe("the health of a destination", () => {
  it("is new until something was attempted, then healthy", async () => {
    expect(health()).toEqual({
      status: "new",
      lastDelivery: null,
      failingSince: null,
      consecutiveFailures: 0,
      oldestUndeliveredAt: null,
      behindEvents: 0,
    });
    await world.record(["a"]);
    await world.run();
    expect(health()).toMatchObject({
      status: "healthy",
      behindEvents: 0,
      lastDelivery: { outcome: "delivered", statusCode: 200 },
    });
  });

  it("is failing from the first refusal on, with what is owed and since when", async () => {
    const { recordedAt } = await world.record(["a", "b"]);
    world.now += 1000;
    await world.record(["c"]);
    world.answer = () => answered(500);
    await world.run();
    expect(health()).toMatchObject({
      status: "failing",
      consecutiveFailures: 1,
      failingSince: new Date(world.now).toISOString(),
      oldestUndeliveredAt: recordedAt,
      behindEvents: 3,
      lastDelivery: { outcome: "retry", statusCode: 500, error: "HTTP 500" },
    });
  });

  it("is suspended or disabled whatever else it is", async () => {
    await world.record(["a"]);
    world.answer = () => answered(410);
    await world.run();
    expect(health()).toMatchObject({ status: "suspended", behindEvents: 1 });
    world.change(disableLane);
    expect(health()).toMatchObject({ status: "disabled" });
  });

  it("counts from within a page, and not what a purge removed", async () => {
    for (let page = 0; page < 3; page++) {
      await world.record(["a", "b", "c"]);
      world.now += 1000;
    }
    world.change((lane) => ({ ...lane, cursor: { page: 2, index: 2 } }));
    expect(health()).toMatchObject({ behindEvents: 4 });
    world.journal.remove(WS, 2);
    expect(health()).toMatchObject({
      behindEvents: 3,
      oldestUndeliveredAt: new Date(world.now - 1000).toISOString(),
    });
  });
});
