import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  freezeFirst,
  page,
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

describe("disabling and enabling", () => {
  it("stops the lane where it is and resumes it there", async () => {
    await manage.refuseFirst("waiting");
    const off = await manage.post("disable");
    expect(off).toMatchObject({ status: 200, body: { enabled: false, health: { status: "disabled" } } });
    const stopped = await manage.lane();
    expect(stopped.frozen?.id).toBe(WHD);
    expect(stopped).not.toHaveProperty("dueShard");
    const on = await manage.post("enable");
    expect(on.body).toMatchObject({ enabled: true, startsAt: { page: 1, index: 0 } });
    expect(await manage.lane()).toMatchObject({
      status: "live",
      number: 1,
      attempts: 0,
      frozen: { id: WHD },
    });
    expect(manage.wakeUps.woken).toEqual([{ workspace: "ws_1", destination: manage.id, lane: "live" }]);
    expect(await manage.types()).toEqual(expect.arrayContaining(["webhook.disabled", "webhook.enabled"]));
  });

  it("has no further effect when repeated", async () => {
    await manage.post("disable");
    await manage.post("disable");
    await manage.post("enable");
    await manage.post("enable");
    const types = await manage.types();
    expect(types.filter((type) => type === "webhook.disabled")).toHaveLength(1);
    expect(types.filter((type) => type === "webhook.enabled")).toHaveLength(1);
  });

  it("from now skips events recorded while disabled, and closes the pending batch as skipped", async () => {
    await manage.refuseFirst("suspended");
    await manage.putPages(3);
    const { body } = await manage.post("enable", { from: "now" });
    expect(body).toMatchObject({ startsAt: { page: 4, index: 0 }, health: { behindEvents: 0 } });
    const moved = await manage.lane();
    expect(moved).toMatchObject({
      status: "live",
      number: 2,
      previousId: WHD,
      cursor: { page: 4, index: 0 },
    });
    expect(moved).not.toHaveProperty("frozen");
    const record = await manage.ask("GET", `${manage.path}/deliveries/${WHD}`);
    expect(record.body).toMatchObject({ outcome: "skipped", closedAt: expect.any(String) });
  });

  it("from a time begins with the first page at or after it", async () => {
    await manage.putPages(5);
    const from = new Date(NOW + 2.5 * 3_600_000).toISOString();
    const { body } = await manage.post("enable", { from });
    expect(body).toMatchObject({ startsAt: { page: 3, index: 0 }, health: { behindEvents: 6 } });
    const offset = await manage.post("enable", { from: "2026-11-23T08:00:00+01:00" });
    expect(offset.body.startsAt).toEqual({ page: 2, index: 0 });
  });

  it("begins no earlier than the retention window", async () => {
    for (let number = 1; number <= 3; number++) await manage.putPage(page(number));
    manage.clock.now = NOW + 365 * 86_400_000 + 2.5 * 3_600_000;
    const { body } = await manage.post("enable", { from: "2020-01-01T00:00:00Z" });
    expect(body.startsAt).toEqual({ page: 3, index: 0 });
  });

  it("writes the delivery's record before the lane, so that every closed number has one (trace 11)", async () => {
    await manage.refuseFirst("suspended");
    manage.steps.seen.length = 0;
    await manage.post("enable", { from: "now" });
    expect(manage.steps.seen).toEqual(["note", "commit", "send"]);
  });

  it.each([[{ from: "yesterday" }], [{ from: 1 }], [{ from: "2026-13-01T00:00:00Z" }], [{ to: "now" }]])(
    "refuses %j",
    async (body) => {
      expect(await manage.post("enable", body)).toMatchObject({ status: 400 });
      expect((await manage.lane()).version).toBe(1);
    },
  );

  it("refuses a time in the future, which would skip waiting events, but tolerates clock differences", async () => {
    await manage.refuseFirst("suspended");
    await manage.putPages(3);
    const before = await manage.lane();
    const at = (ms: number): { from: string } => ({ from: new Date(manage.clock.now + ms).toISOString() });
    const { status, body } = await manage.post("enable", at(60_001));
    expect(status).toBe(400);
    expect(body).toMatchObject({ field: "from", limit: at(60_000).from });
    expect(body.detail).toContain('send "now"');
    expect(await manage.lane()).toEqual(before);
    expect(await manage.post("enable", at(60_000))).toMatchObject({
      status: 200,
      body: { startsAt: { page: 4, index: 0 } },
    });
  });

  it.each(["live", "suspended", "disabled"] as const)(
    "of a %s destination resumes its suspended replays and sends wake-ups",
    async (status) => {
      await manage.putPages(5);
      const [first, second] = [await manage.startReplay(), await manage.startReplay()];
      await manage.store(suspend(freezeFirst(await manage.lane(first)), "gone"));
      await manage.store({ ...(await manage.lane(second)), status: "ended" });
      await manage.store({ ...(await manage.lane()), status });
      manage.wakeUps.woken.length = 0;
      expect(await manage.post("enable")).toMatchObject({ status: 200, body: { enabled: true } });
      expect(await manage.lane(first)).toMatchObject({
        status: "live",
        attempts: 0,
        frozen: { id: WHD },
        suspendedReason: "gone",
      });
      expect(await manage.lane(first)).not.toHaveProperty("dueShard");
      expect((await manage.lane(second)).status).toBe("ended");
      expect((await manage.lane()).status).toBe("live");
      expect(manage.wakeUps.woken.map((wakeUp) => wakeUp.lane)).toEqual(["live", first]);
      const enabled = (await manage.recorded("ws_1")).filter(({ type }) => type.endsWith("webhook.enabled"));
      expect(enabled.map(({ data }) => data["metadata"])).toMatchObject([{ replays: [first] }]);
      await manage.post("enable");
      expect((await manage.types()).filter((type) => type === "webhook.enabled")).toHaveLength(1);
    },
  );

  it("of a live destination resumes its replays even while the live lane keeps moving", async () => {
    await manage.putPages(5);
    const replay = await manage.startReplay();
    await manage.store(suspend(freezeFirst(await manage.lane(replay)), "gone"));
    const commit = manage.dependencies.registry.commit;
    Object.assign(manage.dependencies.registry, {
      commit: async (writes: Parameters<typeof commit>[0]) => {
        await commit([{ kind: "replace", row: await manage.lane() }]);
        return commit(writes);
      },
    });
    expect(await manage.post("enable")).toMatchObject({ status: 200, body: { enabled: true } });
    expect(await manage.lane(replay)).toMatchObject({ status: "live", attempts: 0 });
    // The live lane is written first, once.
    expect((await manage.lane()).version).toBe(2);
  });

  it("pauses running replays and resumes each on a schedule of its own", async () => {
    await manage.putPages(5);
    const [refusedOne, fresh] = [await manage.startReplay(), await manage.startReplay()];
    const statuses = async (): Promise<unknown> => {
      const { body } = await manage.ask("GET", `${manage.path}/replays`);
      const one = await manage.ask("GET", `${manage.path}/replays/${fresh}`);
      return [one.body.status, ...body.items.map((replay: { status: string }) => replay.status)];
    };
    expect(await statuses()).toEqual(["running", "running", "running"]);
    await manage.store(refuse(freezeFirst(await manage.lane(refusedOne))));
    await manage.post("disable");
    expect(await statuses()).toEqual(["paused", "paused", "paused"]);
    const before = await manage.lane(fresh);
    manage.wakeUps.woken.length = 0;
    await manage.post("enable");
    expect(await statuses()).toEqual(["running", "running", "running"]);
    expect(manage.wakeUps.woken.map((wakeUp) => wakeUp.lane).toSorted()).toEqual(
      ["live", refusedOne, fresh].toSorted(),
    );
    expect(await manage.lane(fresh)).toEqual(before);
    const resumed = await manage.lane(refusedOne);
    expect(resumed).toMatchObject({ status: "live", attempts: 0, frozen: { id: WHD } });
    for (const mark of ["firstAttemptAt", "nextAttemptAt", "dueShard"])
      expect(resumed).not.toHaveProperty(mark);
  });

  it("leaves the replays of another destination as they are", async () => {
    await manage.putPages(5);
    const replay = await manage.startReplay();
    await manage.store(suspend(freezeFirst(await manage.lane(replay)), "gone"));
    const before = await manage.lane(replay);
    const { body } = await manage.ask("POST", `${WS}/destinations`, {
      body: { name: "b", url: "https://siem.example.com/in", enabled: false },
    });
    expect((await manage.ask("POST", `${WS}/destinations/${body.id}/enable`)).status).toBe(200);
    expect(await manage.lane(replay)).toEqual(before);
  });

  it("preserves what deliver writes at the same time", async () => {
    const commit = manage.dependencies.registry.commit;
    let quicker = 2;
    Object.assign(manage.dependencies.registry, {
      commit: async (writes: Parameters<typeof commit>[0]) => {
        if (quicker-- > 0)
          await commit([{ kind: "replace", row: { ...(await manage.lane()), number: 10 - quicker } }]);
        return commit(writes);
      },
    });
    expect((await manage.post("disable")).status).toBe(200);
    expect(await manage.lane()).toMatchObject({ status: "disabled", number: 10, version: 4 });
  });

  it("fails after too many conflicts and says that nothing was changed", async () => {
    const commit = manage.dependencies.registry.commit;
    Object.assign(manage.dependencies.registry, {
      commit: async (writes: Parameters<typeof commit>[0]) => {
        await commit([{ kind: "replace", row: await manage.lane() }]);
        return commit(writes);
      },
    });
    expect(await manage.post("disable")).toMatchObject({ status: 409 });
    expect((await manage.lane()).status).toBe("live");
  });
});
