import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { wakeUpOf, type WakeUp } from "../../../lambdas/core/lane/wake-up.ts";
import { rowOf } from "../../../lambdas/core/lane/row.ts";
import { sweepDue } from "../../../lambdas/core/lane/sweep.ts";
import { type ManagedLane, startManagedLane } from "../../helpers/managed-lane.ts";

let manage: ManagedLane;

beforeEach(async () => {
  manage = await startManagedLane();
});
afterEach(() => manage.close());

/** Lanes in the `due` index. */
async function* dueLanes(now: string): AsyncIterable<WakeUp[]> {
  const lanes = await manage.dependencies.registry.listLanes("ws_1");
  yield lanes
    .filter((lane) => {
      const { dueShard, nextAttemptAt } = rowOf(lane);
      return dueShard !== undefined && (nextAttemptAt ?? "~") <= now;
    })
    .map(wakeUpOf);
}

describe("a change of a destination whose delivery waits", () => {
  it("makes the next attempt immediate", async () => {
    await manage.refuseFirst("waiting");
    const { status } = await manage.ask("PATCH", manage.path, {
      body: { url: "https://siem.example.com/mended" },
      headers: { "if-match": '"1"' },
    });
    expect(status).toBe(200);
    expect(await manage.lane()).not.toHaveProperty("nextAttemptAt");
    expect(manage.wakeUps.woken).toHaveLength(1);
  });

  it.each([
    { format: "cloudevents-structured" },
    { eventTypes: ["pro.atmos.billing.*"] },
    { headers: { "X-Tenant": "mended" } },
  ])("to %j is tried at once", async (body) => {
    await manage.refuseFirst("waiting");
    await manage.ask("PATCH", manage.path, { body, headers: { "if-match": "*" } });
    expect(await manage.lane()).not.toHaveProperty("nextAttemptAt");
    expect(manage.wakeUps.woken).toHaveLength(1);
  });

  it("to its name leaves the wait as it is", async () => {
    await manage.refuseFirst("waiting");
    const before = await manage.lane();
    expect(before.nextAttemptAt).toBeDefined();
    const { body } = await manage.ask("PATCH", manage.path, {
      body: { name: "b" },
      headers: { "if-match": "*" },
    });
    expect(body.name).toBe("b");
    expect(await manage.lane()).toEqual(before);
    expect(manage.wakeUps.woken).toEqual([]);
  });

  it("to its secret leaves the wait as it is, because no receiver has the new secret yet", async () => {
    await manage.refuseFirst("waiting");
    const before = await manage.lane();
    expect((await manage.post("rotate-secret")).status).toBe(200);
    expect(await manage.lane()).toEqual(before);
    expect(manage.wakeUps.woken).toEqual([]);
  });

  it.each([{ format: "cloudevents-structured" }, { eventTypes: ["pro.atmos.billing.*"] }])(
    "of a suspended lane to %j leaves its pending notice to the sweep",
    async (body) => {
      await manage.refuseFirst("suspended");
      const { version, untold } = await manage.lane();
      expect(untold).toBeDefined();
      await manage.ask("PATCH", manage.path, { body, headers: { "if-match": "*" } });
      expect(await manage.lane()).toMatchObject({ status: "suspended", version: version + 1, untold });
      manage.wakeUps.woken.length = 0;
      await sweepDue({ ...manage.dependencies, due: { dueLanes } });
      expect(manage.wakeUps.woken).toEqual([{ workspace: "ws_1", destination: manage.id, lane: "live" }]);
    },
  );
});
