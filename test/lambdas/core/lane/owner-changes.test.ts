import { beforeEach, describe, expect, it } from "vitest";
import { answered, HOUR, LaneWorld, MINUTE } from "../../../helpers/in-memory-lanes.ts";
import { disable, enable, moveTo, retry, skip } from "../../../helpers/lane-rows.ts";

let world: LaneWorld;

beforeEach(() => {
  world = new LaneWorld();
});

describe("a change by the owner", () => {
  it("of the format or filter recuts what is frozen under the next number", async () => {
    await world.record(["a", "b"]);
    world.refuseAll(500);
    await world.run();
    world.patch({ eventTypes: ["pro.atmos.billing.b"] });
    world.answer = () => answered(200);
    world.now += MINUTE;
    await world.run();
    expect(world.outcomes()).toEqual([
      [1, "recut"],
      [2, "delivered"],
    ]);
    expect(world.actions()).toEqual([["a", "b"], ["b"]]);
  });

  it("disables and resumes where it stopped, with the same number and body", async () => {
    await world.record(["a"]);
    world.refuseAll(500);
    await world.run();
    world.change(disable);
    world.now += HOUR;
    await world.run();
    expect(world.received).toHaveLength(1);
    world.change(enable);
    world.answer = () => answered(200);
    await world.run();
    expect(world.received.map(({ number }) => number)).toEqual([1, 1]);
    expect(world.received[1]?.body).toBe(world.received[0]?.body);
  });

  it("moves the lane on; what was frozen is passed", async () => {
    await world.record(["a"]);
    world.refuseAll(500);
    await world.run();
    world.change(moveTo({ page: 2, index: 0 }));
    await world.record(["b"]);
    world.answer = () => answered(200);
    await world.run();
    expect(world.actions()).toEqual([["a"], ["b"]]);
    expect(world.received.at(-1)).toMatchObject({ number: 2, previousId: world.received[0]?.id });
  });

  it.each([
    ["a long wait", () => answered(503, { retryAfter: "43200" }), retry],
    ["a suspension", () => answered(410), retry],
    ["a long wait, by enabling", () => answered(503, { retryAfter: "43200" }), enable],
  ])("during an attempt is tried at once instead of %s", async (_, refusal, change) => {
    await world.record(["a"]);
    world.answer = () => {
      world.setDestination({ url: "https://mended.example.com/" });
      world.change(change);
      world.answer = () => answered(200);
      return refusal();
    };
    await world.run();
    expect(world.received.map(({ url, number }) => `${number} ${url}`)).toEqual([
      "1 https://siem.example.com/in",
      "1 https://mended.example.com/",
    ]);
    expect(world.lane()).toMatchObject({ status: "live", number: 2 });
    expect(world.notices.filter(({ kind }) => kind === "suspended")).toEqual([]);
  });

  it("before an attempt saves that one's refusal no wait", async () => {
    await world.record(["a"]);
    world.refuseAll(503);
    await world.run();
    world.change(retry);
    world.answer = () => answered(503, { retryAfter: "43200" });
    await world.run();
    expect(world.received).toHaveLength(2);
    expect(world.lane()).toMatchObject({ attempts: 2, dueShard: "due" });
  });

  it("skips also on a lane that is suspended", async () => {
    await world.record(["a"]);
    world.refuseAll(410);
    await world.run();
    world.change(skip);
    await world.run();
    expect(world.lane()).toMatchObject({ status: "suspended", number: 2, cursor: { page: 2, index: 0 } });
    expect(world.outcomes()).toEqual([[1, "skipped"]]);
  });
});

describe("what the sweep rings", () => {
  beforeEach(async () => {
    await world.record(["a"]);
    world.answer = () => answered(503, { retryAfter: "600" });
  });

  it("is no lane that its owner disabled during the attempt", async () => {
    world.answer = () => {
      world.change(disable);
      return answered(503, { retryAfter: "600" });
    };
    await world.run();
    expect(world.lane()).toMatchObject({ status: "disabled", attempts: 1, consecutiveFailures: 1 });
    expect(world.lane().dueShard).toBeUndefined();
    expect(world.lane().nextAttemptAt).toBeUndefined();
  });

  it("is no lane whose workspace lost forwarding; it goes on when that returns", async () => {
    await world.run();
    expect(world.lane().dueShard).toBe("due");
    world.now += 600_000;
    world.setWorkspace({ plan: "team" });
    await world.run();
    expect(world.lane().dueShard).toBeUndefined();
    world.setWorkspace({ plan: "enterprise" });
    world.answer = () => answered(200);
    await world.run();
    expect(world.lane()).toMatchObject({ number: 2, attempts: 0 });
  });
});
