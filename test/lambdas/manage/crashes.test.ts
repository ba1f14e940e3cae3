import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cleanUpWorkspace } from "../../../lambdas/core/retention/clean-up-workspace.ts";
import { finishAbandoned } from "../../../lambdas/core/destination/unfinished.ts";
import { type Answer, type Management, NOW, startManagement } from "../../helpers/management.ts";

const WS = "/v1/workspaces/ws_1";
const DESTINATION = { name: "a", url: "https://siem.example.com/in", headers: { "X-Tenant": "one" } };
const LATER_MS = 16 * 60_000;

let manage: Management;

beforeEach(async () => {
  manage = await startManagement();
  await manage.ask("PUT", `${WS}/entitlement`, { body: { plan: "enterprise" }, workspaces: "*" });
});
afterEach(() => manage.close());

class Crash extends Error {}

/**
 * Fails every step from the given one on, as if the function was killed there. With `when` "after" that step itself
 * still succeeds.
 */
function crashAt(index: number, when: "before" | "after"): void {
  let count = -1;
  const dead = (): void => {
    throw new Crash("killed");
  };
  manage.steps.before = () => {
    count++;
    if (count > index || (count === index && when === "before")) dead();
  };
  manage.steps.after = () => {
    if (count >= index) dead();
  };
}

function revive(): void {
  manage.steps.before = () => {};
  manage.steps.after = () => {};
}

/** Number of external calls of an undisturbed run. */
async function stepsOf(act: () => Promise<Answer>): Promise<number> {
  manage.steps.seen.length = 0;
  expect((await act()).status).toBeLessThan(300);
  return manage.steps.seen.length;
}

const create = () => manage.ask("POST", `${WS}/destinations`, { body: DESTINATION });
const rows = () => manage.dependencies.registry.listDestinations("ws_1", undefined, 10);

/**
 * Checks that rows, lanes, secrets and counter agree, and that every incomplete operation has a row that leads to it.
 */
async function expectWhole(): Promise<void> {
  const destinations = await rows();
  const lanes = await manage.dependencies.registry.listLanes("ws_1");
  expect(lanes.map(({ destination }) => destination).toSorted()).toEqual(
    destinations.map(({ destination }) => destination).toSorted(),
  );
  const secrets = new Set(await manage.secretNames());
  const unfinished = await manage.dependencies.registry.listUnfinished("ws_1");
  const traced = new Set([...destinations, ...unfinished].map(({ secretName }) => secretName));
  expect([...secrets].filter((name) => !traced.has(name))).toEqual([]);
  for (const { destination } of destinations) {
    expect((await manage.secretOf("ws_1", destination)).current).toMatch(/^whsec_/);
  }
}

const PLACES = Array.from({ length: 5 }, (_, index) => index).flatMap((index) =>
  (["before", "after"] as const).map((when) => [index, when] as const),
);

describe("a create that crashes", () => {
  it.each(PLACES)(
    "at step %i, %s it, leaves nothing that cannot be found and removed",
    async (index, when) => {
      crashAt(index, when);
      const died = await create();
      revive();
      expect([201, 500]).toContain(died.status);
      await expectWhole();
      const before = await rows();
      manage.clock.now = NOW + LATER_MS;
      const { status } = await create();
      expect(status).toBe(201);
      await expectWhole();
      expect(await rows()).toHaveLength(before.length + 1);
      // The next create has finished the incomplete one.
      expect(await manage.secretNames()).toHaveLength(before.length + 1);
      expect(await manage.dependencies.registry.listUnfinished("ws_1")).toEqual([]);
    },
  );

  it("is tested at every step", async () => {
    expect(await stepsOf(create)).toBeLessThanOrEqual(5);
  });

  it("returns the secret even when nothing can be read after it was stored", async () => {
    manage.steps.after = (step) => {
      if (step !== "commit" || !manage.steps.seen.includes("createSecret")) return;
      const failing = () => Promise.reject(new Crash("unreachable"));
      Object.assign(manage.dependencies.registry, { readLane: failing, readWorkspace: failing });
      Object.assign(manage.dependencies.journal, { newestPage: failing, readPagesFrom: failing });
    };
    const { status, body } = await create();
    expect(status).toBe(201);
    expect(body).toMatchObject({
      secret: expect.stringMatching(/^whsec_/),
      enabled: true,
      health: { status: "new", behindEvents: 0 },
    });
  });

  it("but is still running cannot complete what another request has taken over", async () => {
    manage.steps.after = (step) => {
      if (step !== "createSecret") return;
      revive();
      manage.clock.now = NOW + LATER_MS;
      taken = finishAbandoned("ws_1", { ...manage.dependencies, clock: () => manage.clock.now });
    };
    let taken: Promise<number> | undefined;
    const commit = manage.dependencies.registry.commit;
    Object.assign(manage.dependencies.registry, {
      commit: async (writes: Parameters<typeof commit>[0]) => {
        // The first request continues only after the other one has ended.
        if (writes.some(({ kind }) => kind === "count")) await taken;
        return commit(writes);
      },
    });
    expect((await create()).status).toBe(409);
    expect(await manage.secretNames()).toEqual([]);
    expect(await rows()).toEqual([]);
  });
});

describe("a delete that crashes", () => {
  it.each(PLACES)(
    "at step %i, %s it, is complete or has done nothing, and the secret is removed in the end",
    async (index, when) => {
      const { body } = await create();
      const path = `${WS}/destinations/${body.id}`;
      crashAt(index, when);
      const died = await manage.ask("DELETE", path);
      revive();
      expect([204, 500]).toContain(died.status);
      await expectWhole();
      manage.clock.now = NOW + LATER_MS;
      await manage.ask("DELETE", path);
      await finishAbandoned("ws_1", manage.dependencies);
      await expectWhole();
      expect(await rows()).toEqual([]);
      expect(await manage.secretNames()).toEqual([]);
      const deleted = (await manage.recorded("ws_1")).filter(({ type }) => type.endsWith("webhook.deleted"));
      expect(deleted).toHaveLength(1);
    },
  );

  it("is tested at every step", async () => {
    const { body } = await create();
    expect(await stepsOf(() => manage.ask("DELETE", `${WS}/destinations/${body.id}`))).toBeLessThanOrEqual(5);
  });
});

describe("a rotation that crashes", () => {
  it.each(PLACES)(
    "at step %i, %s it, is complete or has done nothing, and can be repeated",
    async (index, when) => {
      const { body } = await create();
      const path = `${WS}/destinations/${body.id}`;
      crashAt(index, when);
      await manage.ask("POST", `${path}/rotate-secret`, { body: { graceSeconds: 3600 } });
      revive();
      const { current, former, headers } = await manage.secretOf("ws_1", body.id);
      const rotations = (await manage.recorded("ws_1")).filter(({ type }) => type.endsWith("secret_rotated"));
      // The receiver's secret signs in either case, and the log agrees with the stored state.
      expect([current, ...former.map(({ secret }) => secret)]).toContain(body.secret);
      expect(rotations).toHaveLength(current === body.secret ? 0 : 1);
      expect(headers).toEqual({ "X-Tenant": "one" });
      manage.clock.now += 120_000;
      const again = await manage.ask("POST", `${path}/rotate-secret`, { body: { graceSeconds: 3600 } });
      expect(again.status).toBe(200);
      const after = await manage.secretOf("ws_1", body.id);
      expect(after.current).toBe(again.body.secret);
      expect(after.former.map(({ secret }) => secret)).toContain(body.secret);
    },
  );

  it("is tested at every step", async () => {
    const { body } = await create();
    const rotate = () => manage.ask("POST", `${WS}/destinations/${body.id}/rotate-secret`);
    expect(await stepsOf(rotate)).toBeLessThanOrEqual(5);
  });
});

describe("a change of headers that crashes", () => {
  it.each(PLACES)(
    "at step %i, %s it, leaves header names and values of the same version",
    async (index, when) => {
      const { body } = await create();
      const path = `${WS}/destinations/${body.id}`;
      const change = (value: string, match: string) =>
        manage.ask("PATCH", path, {
          body: { name: value, headers: { [`X-${value}`]: value } },
          headers: { "if-match": match },
        });
      crashAt(index, when);
      await change("two", '"1"');
      revive();
      const [row] = await rows();
      const { headers, current } = await manage.secretOf("ws_1", body.id);
      expect(row?.headerNames).toEqual(Object.keys(headers));
      expect(Object.keys(headers)).toEqual(row?.name === "two" ? ["X-Tenant", "X-two"] : ["X-Tenant"]);
      expect(current).toBe(body.secret);
      manage.clock.now += 120_000;
      expect((await change("three", "*")).status).toBe(200);
      expect((await manage.secretOf("ws_1", body.id)).headers).toMatchObject({ "X-three": "three" });
    },
  );
});

describe("a wake-up that cannot be sent", () => {
  it("does not remove the secret of a created destination", async () => {
    manage.steps.before = (step) => {
      if (step === "send") throw new Error("SQS is away");
    };
    const { status, body } = await create();
    expect(status).toBe(201);
    expect(body.secret).toMatch(/^whsec_/);
    expect(manage.log.lines.map(({ message }) => message)).toContain("lane.wake-up-failed");
  });
});

describe("the daily purge", () => {
  it("finishes incomplete operations that no request finishes", async () => {
    crashAt(1, "after");
    expect((await create()).status).toBe(500);
    revive();
    expect(await manage.secretNames()).toHaveLength(1);
    await cleanUpWorkspace("ws_1", manage.dependencies);
    // The request may still be running.
    expect(await manage.secretNames()).toHaveLength(1);
    manage.clock.now = NOW + LATER_MS;
    await cleanUpWorkspace("ws_1", manage.dependencies);
    expect(await manage.secretNames()).toEqual([]);
  });

  it("finishes ending a workspace that was ended incompletely", async () => {
    await create();
    await create();
    let commits = 0;
    manage.steps.before = (step) => {
      if (step === "commit" && ++commits === 3) throw new Crash("killed");
    };
    const died = await manage.ask("DELETE", `${WS}/entitlement`, { workspaces: "*" });
    revive();
    expect(died.status).toBe(500);
    expect(await rows()).toHaveLength(1);
    await cleanUpWorkspace("ws_1", manage.dependencies);
    expect(await rows()).toEqual([]);
    expect(await manage.secretNames()).toEqual([]);
    const last = (await manage.recorded("ws_1")).find(({ data }) => data.actor.id === "trailcast");
    expect(last?.type).toBe("pro.atmos.webhook.deleted");
    expect(last?.data.actor).toEqual({ type: "system", id: "trailcast" });
  });
});
