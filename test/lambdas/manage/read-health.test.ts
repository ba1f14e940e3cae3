import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { page, WS, type ManagedLane, startManagedLane } from "../../helpers/managed-lane.ts";
import { NOW } from "../../helpers/management.ts";

let manage: ManagedLane;

beforeEach(async () => {
  manage = await startManagedLane();
});
afterEach(() => manage.close());

describe("health", () => {
  const shown = async () => (await manage.ask("GET", manage.path)).body.health;
  const expireBefore = (time: number): void => void (manage.clock.now = time + 365 * 86_400_000);

  it("does not count expired pages that are not purged yet", async () => {
    await manage.putPages(40);
    expect(await shown()).toMatchObject({ behindEvents: 80, oldestUndeliveredAt: page(1).at });
    expireBefore(NOW + 30.5 * 3_600_000);
    expect(await shown()).toMatchObject({ behindEvents: 20, oldestUndeliveredAt: page(31).at });
    const { body } = await manage.ask("GET", `${WS}/destinations`);
    expect(body.items[0].health).toMatchObject({ behindEvents: 20, oldestUndeliveredAt: page(31).at });
    expireBefore(NOW + 40.5 * 3_600_000);
    expect(await shown()).toMatchObject({ behindEvents: 0, oldestUndeliveredAt: null });
  });

  it("skips pages that were journalled within the window but hold events from before it", async () => {
    await manage.putPages(3);
    const [entry] = page(3).entries;
    if (entry === undefined) throw new Error("no entry");
    for (const number of [4, 5]) await manage.putPage(page(number, { entries: [entry] }));
    await manage.putPage(page(6));
    expireBefore(NOW + 3.5 * 3_600_000);
    expect(await shown()).toMatchObject({ behindEvents: 2, oldestUndeliveredAt: page(6).at });
  });

  it("finds the first visible page among many expired ones with few reads", async () => {
    const reads = { count: 0 };
    const { journal } = manage.dependencies;
    for (const name of ["newestPage", "oldestPage", "readPage", "readPagesFrom"] as const) {
      const read = journal[name] as (...parts: unknown[]) => Promise<unknown>;
      Object.assign(journal, { [name]: (...parts: unknown[]) => (reads.count++, read(...parts)) });
    }
    await manage.putPages(200);
    expireBefore(NOW + 150.5 * 3_600_000);
    expect(await shown()).toMatchObject({ behindEvents: 100 });
    expect(reads.count).toBeGreaterThan(2);
    expect(reads.count).toBeLessThanOrEqual(5 + Math.ceil(Math.log2(200)));
  });

  it("is disabled while the plan has no forwarding, and keeps its figures", async () => {
    await manage.putPages(2);
    await manage.ask("PUT", `${WS}/entitlement`, { body: { plan: "free" }, workspaces: "*" });
    expect((await manage.ask("GET", manage.path)).body).toMatchObject({
      enabled: true,
      health: { status: "disabled", behindEvents: 4, oldestUndeliveredAt: page(1).at },
    });
    await manage.ask("PUT", `${WS}/entitlement`, { body: { plan: "enterprise" }, workspaces: "*" });
    expect(await shown()).toMatchObject({ status: "new" });
  });
});
