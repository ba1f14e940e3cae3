import { afterEach, beforeEach, expect, it } from "vitest";
import type { RegistryWrite } from "../../../lambdas/core/destination/registry-write.ts";
import { page, type ManagedLane, startManagedLane, WS } from "../../helpers/managed-lane.ts";

const WINDOW = { from: page(1).at, to: page(4).at };

let manage: ManagedLane;

beforeEach(async () => {
  manage = await startManagedLane();
  await manage.putPages(5);
});
afterEach(() => manage.close());

const startsReplay = (writes: readonly RegistryWrite[]): boolean =>
  writes.some((write) => write.kind === "create" && "replay" in write.row);

/** Runs `change` before the rows of a replay are stored for the first time. Returns how often storing was tried. */
function changeBeforeStart(change: () => Promise<unknown>): () => number {
  const { registry } = manage.dependencies;
  const { commit } = registry;
  let tries = 0;
  registry.commit = async (writes) => {
    if (startsReplay(writes) && ++tries === 1) await change();
    return commit(writes);
  };
  return () => tries;
}

it.each<[string, () => Promise<unknown>, object]>([
  [
    "whose destination was deleted",
    () => manage.ask("DELETE", manage.path),
    { status: 404, body: { type: expect.stringMatching(/not-found$/) } },
  ],
  [
    "whose workspace lost its forwarding",
    () => manage.ask("PUT", `${WS}/entitlement`, { body: { plan: "free" }, workspaces: "*" }),
    { status: 403, body: { type: expect.stringMatching(/forwarding-not-in-plan$/) } },
  ],
])("a replay %s while it was counted is refused, and leaves nothing", async (_what, change, refusal) => {
  const tries = changeBeforeStart(change);
  expect(await manage.post("replays", WINDOW)).toMatchObject(refusal);
  expect(tries()).toBe(1);
  const { registry } = manage.dependencies;
  expect(await registry.listReplays("ws_1", manage.id)).toEqual([]);
  expect((await registry.listLanes("ws_1")).filter(({ lane }) => lane !== "live")).toEqual([]);
  expect(manage.wakeUps.woken).toEqual([]);
  expect(await manage.types()).not.toContain("webhook.replay_started");
});

it("a replay whose destination was renamed while its events were counted starts at the second try", async () => {
  const tries = changeBeforeStart(() =>
    manage.ask("PATCH", manage.path, { body: { name: "b" }, headers: { "if-match": "*" } }),
  );
  expect(await manage.post("replays", WINDOW)).toMatchObject({ status: 201 });
  expect(tries()).toBe(2);
  expect(await manage.dependencies.registry.listReplays("ws_1", manage.id)).toHaveLength(1);
});
