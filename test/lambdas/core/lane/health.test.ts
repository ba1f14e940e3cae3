import { beforeEach, describe, expect, it } from "vitest";
import { type Health, healthOf } from "../../../../lambdas/core/lane/health.ts";
import { toTimestamp } from "../../../../lambdas/core/base/clock.ts";
import { answered, LaneWorld, WS } from "../../../helpers/in-memory-lanes.ts";
import { disable, enable, laneOf, skip } from "../../../helpers/lane-rows.ts";

let world: LaneWorld;

beforeEach(() => {
  world = new LaneWorld();
});

function health({ since = "", forwards = true } = {}): Health {
  const pages = world.journal.pagesOf(WS);
  const lane = laneOf(world.lane());
  const next = pages.find(({ page }) => page >= lane.cursor.page);
  return healthOf(lane, { newest: pages.at(-1), next }, { since, forwards });
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
    world.change(disable);
    expect(health()).toMatchObject({ status: "disabled" });
  });

  it("is not healthy by being enabled, before something was delivered", async () => {
    await world.record(["a"]);
    world.change(disable);
    world.change(enable);
    expect(health()).toMatchObject({ status: "new" });
    for (const refusal of [500, 410]) {
      world.answer = () => answered(refusal);
      await world.run();
      world.change(disable);
      world.change(enable);
      expect(health()).toMatchObject({ status: "failing", failingSince: null, consecutiveFailures: 0 });
    }
    world.answer = () => answered(200);
    await world.run();
    expect(health()).toMatchObject({ status: "healthy" });
  });

  describe("between the halves of a split", () => {
    /** The receiver takes no batch of more than one, and the run ends with the last of `splits`. */
    const split = async (splits = 1): Promise<void> => {
      world.answer = () => answered(413);
      let left = splits;
      await world.run({ hasTime: () => left-- > 0 });
      expect(health().lastDelivery).toMatchObject({ outcome: "split", statusCode: 413 });
      expect(health().lastDelivery).not.toHaveProperty("beforeSplit");
    };
    const deliver = async (statusCode: number): Promise<void> => {
      await world.record(["a"]);
      world.answer = () => answered(statusCode);
      await world.run();
    };

    it.each([1, 2])("is new when nothing was answered before, after %i of them", async (splits) => {
      await world.record(["a", "b", "c", "d"]);
      await split(splits);
      expect(health()).toMatchObject({ status: "new", failingSince: null, consecutiveFailures: 0 });
    });

    it("is healthy when it was, after several too", async () => {
      await deliver(200);
      await world.record(["a", "b", "c", "d"]);
      await split(2);
      expect(health()).toMatchObject({ status: "healthy", failingSince: null });
    });

    it("is failing when it was, also since it was enabled again", async () => {
      await deliver(500);
      await world.record(["b", "c"]);
      world.change(skip);
      world.now += 60_000;
      await split(2);
      expect(health()).toMatchObject({ status: "failing", failingSince: null });
      world.change(enable);
      expect(health()).toMatchObject({ status: "failing" });
      await deliver(200);
      expect(health()).toMatchObject({ status: "healthy" });
    });
  });

  it("has no more refusals to count once they were skipped, and needs a 2xx to be healthy", async () => {
    await world.record(["a"]);
    world.answer = () => answered(500);
    await world.run();
    world.change(skip);
    await world.run();
    expect(health()).toMatchObject({ status: "failing", failingSince: null, consecutiveFailures: 0 });
    await world.record(["b"]);
    world.answer = () => answered(200);
    await world.run();
    expect(health()).toMatchObject({ status: "healthy" });
  });

  it("is disabled while the workspace may not forward, unless it is suspended", async () => {
    await world.record(["a"]);
    expect(health({ forwards: false })).toMatchObject({ status: "disabled", behindEvents: 1 });
    world.answer = () => answered(410);
    await world.run();
    expect(health({ forwards: false })).toMatchObject({ status: "suspended" });
  });

  it("counts what has expired no more, and from within a page", async () => {
    const [earlier, later] = [0, 1000].map((wait) => ({ recordedAt: toTimestamp(world.now + wait) }));
    const entry = { shard: 0, bytes: 10, expiresAt: 9e9, hash: "h" };
    await world.record(["a", "b", "c", "d", "e"]);
    const [page] = world.journal.pagesOf(WS);
    if (page === undefined || earlier === undefined || later === undefined) throw new Error("no page");
    const next = {
      ...page,
      entries: [
        { ...entry, ...earlier, entry: "ent_1", count: 3 },
        { ...entry, ...later, entry: "ent_2", count: 2 },
      ],
    };
    const at = (index: number, since: string) => {
      const lane = { ...laneOf(world.lane()), cursor: { page: page.page, index } };
      const { behindEvents, oldestUndeliveredAt } = healthOf(
        lane,
        { newest: next, next },
        { since, forwards: true },
      );
      return [behindEvents, oldestUndeliveredAt];
    };
    expect(at(0, earlier.recordedAt)).toEqual([5, earlier.recordedAt]);
    expect(at(0, later.recordedAt)).toEqual([2, later.recordedAt]);
    expect(at(2, later.recordedAt)).toEqual([2, later.recordedAt]);
    expect(at(4, later.recordedAt)).toEqual([1, later.recordedAt]);
    expect(at(2, toTimestamp(world.now + 2000))).toEqual([0, null]);
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
