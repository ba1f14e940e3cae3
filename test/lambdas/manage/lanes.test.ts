import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { freeze, refused, suspended } from "../../../lambdas/core/lane/advance-lane.ts";
import type { Cut } from "../../../lambdas/core/lane/freeze-delivery.ts";
import { factsOfFrozen } from "../../../lambdas/core/delivery/delivery-record.ts";
import { buildOwnEntry } from "../../../lambdas/core/entry/own-entry.ts";
import { referenceOf } from "../../../lambdas/core/entry/build-entry.ts";
import type { EntryReference } from "../../../lambdas/core/entry/entry.ts";
import type { RegistryWrite } from "../../../lambdas/core/destination/registry-write.ts";
import { newId } from "../../../lambdas/core/ids.ts";
import { type Lane, type Ring, ringOf } from "../../../lambdas/core/lane/lane.ts";
import { sweepDue } from "../../../lambdas/core/lane/sweep.ts";
import type { Page } from "../../../lambdas/core/journal/page.ts";
import { type Answer, type Management, NOW, startManagement } from "../../helpers/management.ts";

const WS = "/v1/workspaces/ws_1";
const WHD = "whd_01M83AAAAAW5M2T9C7R4X6V0BD";

let manage: Management;
let id: string;
let path: string;

beforeEach(async () => {
  manage = await startManagement();
  await manage.ask("PUT", `${WS}/entitlement`, { body: { plan: "enterprise" }, workspaces: "*" });
  const { body } = await manage.ask("POST", `${WS}/destinations`, {
    body: { name: "a", url: "https://siem.example.com/in" },
  });
  id = body.id;
  path = `${WS}/destinations/${id}`;
  manage.rings.rung.length = 0;
});
afterEach(() => manage.close());

const post = (route: string, body?: unknown): Promise<Answer> =>
  manage.ask("POST", `${path}/${route}`, body === undefined ? {} : { body });

async function lane(name = "live"): Promise<Lane> {
  const row = await manage.dependencies.registry.readLane("ws_1", id, name);
  if (row === undefined) throw new Error(`no lane ${name}`);
  return row;
}

async function store(row: Lane): Promise<void> {
  const { kind } = await manage.dependencies.registry.commit([{ kind: "replace", row }]);
  expect(kind).toBe("committed");
}

const typesOf = async (): Promise<string[]> =>
  (await manage.recorded("ws_1")).map(({ type }) => type.replace("pro.atmos.", ""));

/** Page `number`, an hour after the one before, with two events. */
function page(number: number, changes: Partial<Page> = {}): Page {
  const at = new Date(NOW + number * 3_600_000).toISOString();
  return {
    workspace: "ws_1",
    page: number,
    at,
    seq: `l/${number}`,
    late: 0,
    total: number * 2,
    previousHash: "",
    hash: String(number),
    entries: [
      { entry: `ent_${number}`, shard: 0, recordedAt: at, count: 2, bytes: 10, expiresAt: 9e9, hash: "h" },
    ],
    ...changes,
  };
}

/** Page `number`, as long after `NOW` as its last event, with an event of each of these minutes after `NOW`. */
function agedPage(number: number, minutes: readonly number[], total = minutes.length): Page {
  const [whole] = page(number).entries;
  if (whole === undefined) throw new Error("no entry");
  const entries = minutes.map((minute) => ({
    ...whole,
    entry: `ent_${number}_${minute}`,
    recordedAt: new Date(NOW + minute * 60_000).toISOString(),
    count: 1,
  }));
  return page(number, { entries, total, at: entries.at(-1)?.recordedAt ?? "" });
}

/** An entry of one event that is in the table, as a page names it. */
async function recordOne(action: string, at = NOW): Promise<EntryReference> {
  const { registry, settings, random } = manage.dependencies;
  const workspace = await registry.readWorkspace("ws_1");
  if (workspace === undefined) throw new Error("no workspace");
  const event = { category: "billing", action, actor: { type: "user", id: "u" } };
  const entry = buildOwnEntry({ workspace, event, trace: undefined }, at, random, settings);
  await registry.commit([{ kind: "record", entry }]);
  return referenceOf(entry);
}

async function putPages(count: number): Promise<void> {
  for (let number = 1; number <= count; number++) await manage.putPage(page(number));
  manage.clock.now = NOW + count * 3_600_000;
}

const REPORT = {
  last: {
    id: WHD,
    at: "2026-11-23T05:00:00.000Z",
    outcome: "retry",
    statusCode: 500,
    durationMs: 5,
    error: "HTTP 500",
  },
};
const CUT = { ids: ["aud_1", "aud_2"], end: { page: 1, index: 2 }, lapsed: [] } as unknown as Cut;

const DISABLED = { status: 409, body: { type: "https://trailcast.dev/problems/destination-disabled" } };

function freezeFirst(row: Lane): Lane {
  const facts = {
    id: WHD,
    frozenAt: "2026-11-23T05:00:00.000Z",
    format: "cloudevents-batch",
    contentVersion: 1,
  } as const;
  return freeze(row, CUT, facts);
}

const NEXT_ATTEMPT_AT = new Date(NOW + 600_000).toISOString();

/** The lane as deliver leaves it after a refusal of its first delivery, and the record of it. */
async function refuseFirst(state: "waiting" | "suspended"): Promise<void> {
  const frozen = freezeFirst(await lane());
  const facts = factsOfFrozen(frozen, 30, NOW);
  if (facts === undefined) throw new Error("nothing frozen");
  await manage.note({
    facts,
    outcome: state === "waiting" ? "retry" : "suspend",
    at: "2026-11-23T05:00:00.000Z",
    attempt: { attempt: 1, ...REPORT.last, outcome: state === "waiting" ? "retry" : "suspend" },
    ...(state === "waiting" && { nextAttemptAt: NEXT_ATTEMPT_AT }),
  });
  await store(
    state === "waiting"
      ? refused(frozen, REPORT, { delaySeconds: 600, isHeld: false, now: NOW })
      : suspended(frozen, REPORT, "retries-exhausted"),
  );
}

/** Of the pages from the second on; answers its id. */
async function startReplay(): Promise<string> {
  const { body } = await post("replays", { from: page(2).at, to: page(5).at });
  return body.id;
}

/** What the index of due lanes would find. */
async function* dueLanes(now: string): AsyncIterable<Ring[]> {
  const lanes = await manage.dependencies.registry.listLanes("ws_1");
  yield lanes
    .filter(({ dueShard, nextAttemptAt }) => dueShard !== undefined && (nextAttemptAt ?? "~") <= now)
    .map(ringOf);
}

describe("disabling and enabling", () => {
  it("stops where it stands and goes on there", async () => {
    await refuseFirst("waiting");
    const off = await post("disable");
    expect(off).toMatchObject({ status: 200, body: { enabled: false, health: { status: "disabled" } } });
    const stopped = await lane();
    expect(stopped.frozen?.id).toBe(WHD);
    expect(stopped).not.toHaveProperty("dueShard");
    const on = await post("enable");
    expect(on.body).toMatchObject({ enabled: true, startsAt: { page: 1, index: 0 } });
    expect(await lane()).toMatchObject({ status: "live", number: 1, attempts: 0, frozen: { id: WHD } });
    expect(manage.rings.rung).toEqual([{ workspace: "ws_1", destination: id, lane: "live" }]);
    expect(await typesOf()).toEqual(expect.arrayContaining(["webhook.disabled", "webhook.enabled"]));
  });

  it("twice is once", async () => {
    await post("disable");
    await post("disable");
    await post("enable");
    await post("enable");
    const types = await typesOf();
    expect(types.filter((type) => type === "webhook.disabled")).toHaveLength(1);
    expect(types.filter((type) => type === "webhook.enabled")).toHaveLength(1);
  });

  it("from now leaves out what was recorded meanwhile, and closes what was frozen as skipped", async () => {
    await refuseFirst("suspended");
    await putPages(3);
    const { body } = await post("enable", { from: "now" });
    expect(body).toMatchObject({ startsAt: { page: 4, index: 0 }, health: { behindEvents: 0 } });
    const moved = await lane();
    expect(moved).toMatchObject({
      status: "live",
      number: 2,
      previousId: WHD,
      cursor: { page: 4, index: 0 },
    });
    expect(moved).not.toHaveProperty("frozen");
    const record = await manage.ask("GET", `${path}/deliveries/${WHD}`);
    expect(record.body).toMatchObject({ outcome: "skipped", closedAt: expect.any(String) });
  });

  it("from a time begins with the first page that is not before it", async () => {
    await putPages(5);
    const from = new Date(NOW + 2.5 * 3_600_000).toISOString();
    const { body } = await post("enable", { from });
    expect(body).toMatchObject({ startsAt: { page: 3, index: 0 }, health: { behindEvents: 6 } });
    const offset = await post("enable", { from: "2026-11-23T08:00:00+01:00" });
    expect(offset.body.startsAt).toEqual({ page: 2, index: 0 });
  });

  it("begins no earlier than what is retained", async () => {
    for (let number = 1; number <= 3; number++) await manage.putPage(page(number));
    manage.clock.now = NOW + 365 * 86_400_000 + 2.5 * 3_600_000;
    const { body } = await post("enable", { from: "2020-01-01T00:00:00Z" });
    expect(body.startsAt).toEqual({ page: 3, index: 0 });
  });

  it("writes the record before the lane, so that no closed number lacks one (trace 11)", async () => {
    await refuseFirst("suspended");
    manage.steps.seen.length = 0;
    await post("enable", { from: "now" });
    expect(manage.steps.seen).toEqual(["note", "commit", "ring"]);
  });

  it.each([[{ from: "yesterday" }], [{ from: 1 }], [{ from: "2026-13-01T00:00:00Z" }], [{ to: "now" }]])(
    "refuses %j",
    async (body) => {
      expect(await post("enable", body)).toMatchObject({ status: 400 });
      expect((await lane()).version).toBe(1);
    },
  );

  it("refuses a time to come, which would leave out what waits, and allows for clocks that are apart", async () => {
    await refuseFirst("suspended");
    await putPages(3);
    const before = await lane();
    const at = (ms: number): { from: string } => ({ from: new Date(manage.clock.now + ms).toISOString() });
    const { status, body } = await post("enable", at(60_001));
    expect(status).toBe(400);
    expect(body).toMatchObject({ field: "from", limit: at(60_000).from });
    expect(body.detail).toContain('send "now"');
    expect(await lane()).toEqual(before);
    expect(await post("enable", at(60_000))).toMatchObject({
      status: 200,
      body: { startsAt: { page: 4, index: 0 } },
    });
  });

  it.each(["live", "suspended", "disabled"] as const)(
    "of a %s destination lets its suspended replays go on, and tells deliver",
    async (status) => {
      await putPages(5);
      const [first, second] = [await startReplay(), await startReplay()];
      await store(suspended(freezeFirst(await lane(first)), REPORT, "gone"));
      await store({ ...(await lane(second)), status: "ended" });
      await store({ ...(await lane()), status });
      manage.rings.rung.length = 0;
      expect(await post("enable")).toMatchObject({ status: 200, body: { enabled: true } });
      expect(await lane(first)).toMatchObject({
        status: "live",
        attempts: 0,
        frozen: { id: WHD },
        suspendedReason: "gone",
      });
      expect(await lane(first)).not.toHaveProperty("dueShard");
      expect((await lane(second)).status).toBe("ended");
      expect((await lane()).status).toBe("live");
      expect(manage.rings.rung.map((ring) => ring.lane)).toEqual(["live", first]);
      const enabled = (await manage.recorded("ws_1")).filter(({ type }) => type.endsWith("webhook.enabled"));
      expect(enabled.map(({ data }) => data["metadata"])).toMatchObject([{ replays: [first] }]);
      await post("enable");
      expect((await typesOf()).filter((type) => type === "webhook.enabled")).toHaveLength(1);
    },
  );

  it("pauses the replays that are under way and lets them go on, each by a schedule of its own", async () => {
    await putPages(5);
    const [refusedOne, fresh] = [await startReplay(), await startReplay()];
    const statuses = async (): Promise<unknown> => {
      const { body } = await manage.ask("GET", `${path}/replays`);
      const one = await manage.ask("GET", `${path}/replays/${fresh}`);
      return [one.body.status, ...body.items.map((replay: { status: string }) => replay.status)];
    };
    expect(await statuses()).toEqual(["running", "running", "running"]);
    const wait = { delaySeconds: 20_000, isHeld: false, now: NOW };
    await store(refused(freezeFirst(await lane(refusedOne)), REPORT, wait));
    await post("disable");
    expect(await statuses()).toEqual(["paused", "paused", "paused"]);
    const before = await lane(fresh);
    manage.rings.rung.length = 0;
    await post("enable");
    expect(await statuses()).toEqual(["running", "running", "running"]);
    expect(manage.rings.rung.map((ring) => ring.lane).toSorted()).toEqual(
      ["live", refusedOne, fresh].toSorted(),
    );
    expect(await lane(fresh)).toEqual(before);
    const resumed = await lane(refusedOne);
    expect(resumed).toMatchObject({ status: "live", attempts: 0, frozen: { id: WHD } });
    for (const mark of ["firstAttemptAt", "nextAttemptAt", "dueShard"])
      expect(resumed).not.toHaveProperty(mark);
  });

  it("leaves the replays of another destination as they are", async () => {
    await putPages(5);
    const replay = await startReplay();
    await store(suspended(freezeFirst(await lane(replay)), REPORT, "gone"));
    const before = await lane(replay);
    const { body } = await manage.ask("POST", `${WS}/destinations`, {
      body: { name: "b", url: "https://siem.example.com/in", enabled: false },
    });
    expect((await manage.ask("POST", `${WS}/destinations/${body.id}/enable`)).status).toBe(200);
    expect(await lane(replay)).toEqual(before);
  });

  it("loses nothing that deliver writes at the same time", async () => {
    const commit = manage.dependencies.registry.commit;
    let quicker = 2;
    Object.assign(manage.dependencies.registry, {
      commit: async (writes: Parameters<typeof commit>[0]) => {
        if (quicker-- > 0)
          await commit([{ kind: "replace", row: { ...(await lane()), number: 10 - quicker } }]);
        return commit(writes);
      },
    });
    expect((await post("disable")).status).toBe(200);
    expect(await lane()).toMatchObject({ status: "disabled", number: 10, version: 4 });
  });

  it("gives up after so many tries, and says that nothing was changed", async () => {
    const commit = manage.dependencies.registry.commit;
    Object.assign(manage.dependencies.registry, {
      commit: async (writes: Parameters<typeof commit>[0]) => {
        await commit([{ kind: "replace", row: await lane() }]);
        return commit(writes);
      },
    });
    expect(await post("disable")).toMatchObject({ status: 409 });
    expect((await lane()).status).toBe("live");
  });
});

describe("health", () => {
  const shown = async () => (await manage.ask("GET", path)).body.health;
  const expireBefore = (time: number): void => void (manage.clock.now = time + 365 * 86_400_000);

  it("counts no page that has expired and waits for a purge", async () => {
    await putPages(40);
    expect(await shown()).toMatchObject({ behindEvents: 80, oldestUndeliveredAt: page(1).at });
    expireBefore(NOW + 30.5 * 3_600_000);
    expect(await shown()).toMatchObject({ behindEvents: 20, oldestUndeliveredAt: page(31).at });
    const { body } = await manage.ask("GET", `${WS}/destinations`);
    expect(body.items[0].health).toMatchObject({ behindEvents: 20, oldestUndeliveredAt: page(31).at });
    expireBefore(NOW + 40.5 * 3_600_000);
    expect(await shown()).toMatchObject({ behindEvents: 0, oldestUndeliveredAt: null });
  });

  it("looks past the pages that were journalled after the time, of events before it", async () => {
    await putPages(3);
    const [entry] = page(3).entries;
    if (entry === undefined) throw new Error("no entry");
    for (const number of [4, 5]) await manage.putPage(page(number, { entries: [entry] }));
    await manage.putPage(page(6));
    expireBefore(NOW + 3.5 * 3_600_000);
    expect(await shown()).toMatchObject({ behindEvents: 2, oldestUndeliveredAt: page(6).at });
  });

  it("finds its place among many expired pages by few reads", async () => {
    const reads = { count: 0 };
    const { journal } = manage.dependencies;
    for (const name of ["newestPage", "oldestPage", "readPage", "readPagesFrom"] as const) {
      const read = journal[name] as (...parts: unknown[]) => Promise<unknown>;
      Object.assign(journal, { [name]: (...parts: unknown[]) => (reads.count++, read(...parts)) });
    }
    await putPages(200);
    expireBefore(NOW + 150.5 * 3_600_000);
    expect(await shown()).toMatchObject({ behindEvents: 100 });
    expect(reads.count).toBeGreaterThan(2);
    expect(reads.count).toBeLessThanOrEqual(5 + Math.ceil(Math.log2(200)));
  });

  it("is disabled as long as the plan has no forwarding, and keeps its figures", async () => {
    await putPages(2);
    await manage.ask("PUT", `${WS}/entitlement`, { body: { plan: "free" }, workspaces: "*" });
    expect((await manage.ask("GET", path)).body).toMatchObject({
      enabled: true,
      health: { status: "disabled", behindEvents: 4, oldestUndeliveredAt: page(1).at },
    });
    await manage.ask("PUT", `${WS}/entitlement`, { body: { plan: "enterprise" }, workspaces: "*" });
    expect(await shown()).toMatchObject({ status: "new" });
  });
});

describe("a change of what waits", () => {
  it("is tried at once", async () => {
    await refuseFirst("waiting");
    const { status } = await manage.ask("PATCH", path, {
      body: { url: "https://siem.example.com/mended" },
      headers: { "if-match": '"1"' },
    });
    expect(status).toBe(200);
    expect(await lane()).not.toHaveProperty("nextAttemptAt");
    expect(manage.rings.rung).toHaveLength(1);
  });

  it.each([
    { format: "cloudevents-structured" },
    { eventTypes: ["pro.atmos.billing.*"] },
    { headers: { "X-Tenant": "mended" } },
  ])("to %j is tried at once", async (body) => {
    await refuseFirst("waiting");
    await manage.ask("PATCH", path, { body, headers: { "if-match": "*" } });
    expect(await lane()).not.toHaveProperty("nextAttemptAt");
    expect(manage.rings.rung).toHaveLength(1);
  });

  it("that is a name alone waits on, for as long as the receiver asked", async () => {
    await refuseFirst("waiting");
    const before = await lane();
    expect(before.nextAttemptAt).toBeDefined();
    const { body } = await manage.ask("PATCH", path, { body: { name: "b" }, headers: { "if-match": "*" } });
    expect(body.name).toBe("b");
    expect(await lane()).toEqual(before);
    expect(manage.rings.rung).toEqual([]);
  });

  it("that is another secret waits on: no receiver has it yet", async () => {
    await refuseFirst("waiting");
    const before = await lane();
    expect((await post("rotate-secret")).status).toBe(200);
    expect(await lane()).toEqual(before);
    expect(manage.rings.rung).toEqual([]);
  });

  it.each([{ format: "cloudevents-structured" }, { eventTypes: ["pro.atmos.billing.*"] }])(
    "of a suspended lane to %j leaves the sweep the notice that its owner has not had",
    async (body) => {
      await refuseFirst("suspended");
      const { version, untold } = await lane();
      expect(untold).toBeDefined();
      await manage.ask("PATCH", path, { body, headers: { "if-match": "*" } });
      expect(await lane()).toMatchObject({ status: "suspended", version: version + 1, untold });
      manage.rings.rung.length = 0;
      await sweepDue({ ...manage.dependencies, due: { dueLanes } });
      expect(manage.rings.rung).toEqual([{ workspace: "ws_1", destination: id, lane: "live" }]);
    },
  );
});

describe("deliveries", () => {
  it("are shown with their attempts", async () => {
    await refuseFirst("waiting");
    const { body } = await manage.ask("GET", `${path}/deliveries/${WHD}`);
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
    expect((await manage.ask("GET", path)).body.health).toMatchObject({
      status: "failing",
      consecutiveFailures: 1,
      lastDelivery: { id: WHD, statusCode: 500 },
    });
  });

  describe("announce the next attempt", () => {
    const announced = async (): Promise<unknown[]> => {
      const one = await manage.ask("GET", `${path}/deliveries/${WHD}`);
      const all = await manage.ask("GET", `${path}/deliveries`);
      return [
        one.body.nextAttemptAt,
        ...all.body.items.map((item: { nextAttemptAt: unknown }) => item.nextAttemptAt),
      ];
    };
    const planTo = (plan: string) =>
      manage.ask("PUT", `${WS}/entitlement`, { body: { plan }, workspaces: "*" });

    beforeEach(() => refuseFirst("waiting"));

    it.each<[string, () => Promise<unknown>, () => Promise<unknown>]>([
      ["the destination is disabled", () => post("disable"), () => post("enable")],
      ["the plan has no forwarding", () => planTo("free"), () => planTo("enterprise")],
      [
        "the lane is suspended",
        async () => store({ ...(await lane()), status: "suspended" }),
        async () => store({ ...(await lane()), status: "live" }),
      ],
    ])("but not while %s", async (_what, stop, goOn) => {
      expect(await announced()).toEqual([NEXT_ATTEMPT_AT, NEXT_ATTEMPT_AT]);
      await stop();
      expect(await announced()).toEqual([null, null]);
      await goOn();
      expect(await announced()).toEqual([NEXT_ATTEMPT_AT, NEXT_ATTEMPT_AT]);
    });

    it.each(["retry", "skip"])("but not in the answer to a %s", async (action) => {
      expect((await post(`deliveries/${WHD}/${action}`)).body).toMatchObject({
        id: WHD,
        nextAttemptAt: null,
      });
    });
  });

  it("that are suspended announce no attempt by the time of the notice to their owner", async () => {
    await store(suspended(freezeFirst(await lane()), REPORT, "gone"));
    expect((await lane()).nextAttemptAt).toBeDefined();
    const { body } = await manage.ask("GET", `${path}/deliveries/${WHD}`);
    expect(body).toMatchObject({ outcome: "suspend", nextAttemptAt: null });
  });

  it("of a replay announce none while their destination is disabled", async () => {
    await putPages(5);
    const replay = await startReplay();
    const wait = { delaySeconds: 600, isHeld: false, now: NOW };
    await store(refused(freezeFirst(await lane(replay)), REPORT, wait));
    const shown = async () => (await manage.ask("GET", `${path}/deliveries/${WHD}`)).body;
    expect(await shown()).toMatchObject({ lane: replay, nextAttemptAt: NEXT_ATTEMPT_AT });
    await post("disable");
    expect(await shown()).toMatchObject({ lane: replay, nextAttemptAt: null });
  });

  it("waiting are tried at once", async () => {
    await refuseFirst("waiting");
    expect((await post(`deliveries/${WHD}/retry`)).status).toBe(202);
    const hurried = await lane();
    expect(hurried.frozen?.id).toBe(WHD);
    expect(hurried).not.toHaveProperty("nextAttemptAt");
    expect(manage.rings.rung).toHaveLength(1);
    expect(await typesOf()).toContain("webhook.delivery_retried");
  });

  it("of a suspended lane are tried at once, which goes on", async () => {
    await refuseFirst("suspended");
    expect((await post(`deliveries/${WHD}/retry`)).status).toBe(202);
    expect(await lane()).toMatchObject({ status: "live", frozen: { id: WHD } });
  });

  it("of a disabled lane are not", async () => {
    await refuseFirst("waiting");
    await post("disable");
    expect(await post(`deliveries/${WHD}/retry`)).toMatchObject(DISABLED);
  });

  it("that are closed are not sent again while the destination is disabled", async () => {
    await refuseFirst("waiting");
    await putPages(2);
    await post("enable", { from: "now" });
    await post("disable");
    expect(await post(`deliveries/${WHD}/retry`)).toMatchObject(DISABLED);
    expect((await manage.ask("GET", `${path}/replays`)).body.items).toEqual([]);
    await post("enable");
    expect((await post(`deliveries/${WHD}/retry`)).status).toBe(202);
  });

  it("of a replay that was suspended are not tried again while the destination is disabled", async () => {
    await putPages(2);
    const { body } = await post("replays", { from: new Date(NOW).toISOString(), to: page(2).at });
    await store({ ...freezeFirst(await lane(body.id)), status: "suspended" });
    await post("disable");
    expect(await post(`deliveries/${WHD}/retry`)).toMatchObject(DISABLED);
    expect(await lane(body.id)).toMatchObject({ status: "suspended" });
  });

  it("that are closed are sent again as far as they have not expired, and refused when nothing is left", async () => {
    await refuseFirst("waiting");
    await manage.putPage(agedPage(1, [0, 60]));
    await manage.putPage(page(2));
    await post("enable", { from: "now" });
    const body = { plan: "enterprise", retentionDays: 1 };
    await manage.ask("PUT", `${WS}/entitlement`, { body, workspaces: "*" });
    manage.clock.now = NOW + 86_400_000 + 30 * 60_000;
    const { headers } = await post(`deliveries/${WHD}/retry`);
    const replay = await manage.ask("GET", headers["location"] ?? "");
    expect(replay.body).toMatchObject({ events: 1, exact: true, startsAt: { page: 1, index: 0 } });
    manage.clock.now += 45 * 60_000;
    expect(await post(`deliveries/${WHD}/retry`)).toMatchObject({
      status: 409,
      body: { type: "https://trailcast.dev/problems/nothing-to-send" },
    });
    expect((await manage.ask("GET", `${path}/replays`)).body.items).toHaveLength(1);
  });

  it("that are closed are sent again as far as the filter of now wants them", async () => {
    await refuseFirst("waiting");
    const references = await Promise.all(["paid", "sent", "paid"].map((action) => recordOne(action)));
    await manage.putPage(page(1, { entries: references, total: 3 }));
    await post("enable", { from: "now" });
    const want = (eventTypes: string[]): Promise<Answer> =>
      manage.ask("PATCH", path, { body: { eventTypes }, headers: { "if-match": "*" } });
    await want(["pro.atmos.billing.paid"]);
    const { headers } = await post(`deliveries/${WHD}/retry`);
    const replay = await manage.ask("GET", headers["location"] ?? "");
    expect(replay.body).toMatchObject({ events: 1, exact: true, journalledEvents: 2 });
    await want(["pro.atmos.billing.lost"]);
    expect((await post(`deliveries/${WHD}/retry`)).status).toBe(409);
  });

  it("that are closed go once more by a replay of just their events", async () => {
    await refuseFirst("waiting");
    await putPages(2);
    await post("enable", { from: "now" });
    const { status, headers } = await post(`deliveries/${WHD}/retry`);
    expect(status).toBe(202);
    const replay = await manage.ask("GET", headers["location"] ?? "");
    expect(replay.body).toMatchObject({ delivery: WHD, events: 2, exact: true, status: "running" });
    expect(await lane(replay.body.id)).toMatchObject({
      cursor: { page: 1, index: 0 },
      until: { page: 1, index: 2 },
      status: "live",
    });
  });

  it("of a replay go once more without what its window left out between them", async () => {
    await manage.putPage(agedPage(1, [10, 0, 11]));
    const [from, to] = [5, 15].map((minute) => new Date(NOW + minute * 60_000).toISOString());
    const { body } = await post("replays", { from, to });
    expect(body).toMatchObject({ events: 2, exact: true, journalledEvents: 3 });
    const facts = factsOfFrozen(freezeFirst(await lane(body.id)), 30, NOW);
    if (facts === undefined) throw new Error("nothing frozen");
    const covers = { first: { page: 1, index: 0 }, end: { page: 1, index: 3 } };
    await manage.note({
      facts: { ...facts, ...covers },
      outcome: "delivered",
      at: new Date(NOW).toISOString(),
    });
    const { headers } = await post(`deliveries/${WHD}/retry`);
    const again = (await manage.ask("GET", headers["location"] ?? "")).body;
    expect(again).toMatchObject({ delivery: WHD, events: 2, exact: true });
    expect(await lane(again.id)).toMatchObject({ recorded: { from, to }, until: covers.end });
  });

  it("are skipped by a mark that deliver carries out", async () => {
    await refuseFirst("suspended");
    expect((await post(`deliveries/${WHD}/skip`)).status).toBe(202);
    expect((await post(`deliveries/${WHD}/skip`)).status).toBe(202);
    expect(await lane()).toMatchObject({ status: "live", skip: 1, frozen: { id: WHD } });
    const skips = (await manage.recorded("ws_1")).filter(({ type }) => type.endsWith("delivery_skipped"));
    expect(skips).toHaveLength(1);
    expect(skips[0]?.data["metadata"]).toEqual({ delivery: WHD, number: 1, events: 2 });
  });

  it("that a lane holds are there after their rows have expired", async () => {
    await refuseFirst("suspended");
    manage.clock.now = NOW + 31 * 86_400_000;
    expect((await manage.ask("GET", path)).body.health.lastDelivery.id).toBe(WHD);
    const shown = await manage.ask("GET", `${path}/deliveries/${WHD}`);
    expect(shown.body).toMatchObject({ outcome: "suspend", attempts: [{ attempt: 1 }] });
    expect((await post(`deliveries/${WHD}/skip`)).status).toBe(202);
    expect(await lane()).toMatchObject({ status: "live", skip: 1 });
    await store({ ...(await lane()), frozen: undefined, skip: undefined });
    expect((await post(`deliveries/${WHD}/skip`)).status).toBe(404);
  });

  it.each(["retry", "skip"])("that wait for their first attempt take a %s", async (action) => {
    await store(freezeFirst(await lane()));
    const shown = await manage.ask("GET", `${path}/deliveries/${WHD}`);
    expect(shown.body).toMatchObject({ id: WHD, outcome: "retry", number: 1, count: 2, attempts: [] });
    expect((await post(`deliveries/${WHD}/${action}`)).status).toBe(202);
    expect((await lane()).skip).toBe(action === "skip" ? 1 : undefined);
    expect(manage.rings.rung).toHaveLength(1);
  });

  it("that are closed cannot be skipped", async () => {
    await refuseFirst("waiting");
    await post("enable", { from: "now" });
    expect(await post(`deliveries/${WHD}/skip`)).toMatchObject({
      status: 409,
      body: { type: "https://trailcast.dev/problems/delivery-closed" },
    });
  });

  it("are listed in parts that Lambda lets through, whatever a receiver answered", async () => {
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
      destination: `ws_1/${id}`,
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
      const { status, body } = await manage.ask("GET", `${path}/deliveries`, { query });
      expect(status).toBe(200);
      expect(JSON.stringify(JSON.stringify(body)).length).toBeLessThan(6_200_000);
      seen.push(...body.items.map((item: { id: string }) => item.id));
      cursor = body.nextCursor;
    } while (cursor !== null);
    reading.mockRestore();
    expect(seen).toEqual(rows.map(({ delivery }) => delivery));
  });

  it("are listed newest first, in parts, by outcome and time", async () => {
    const ids: string[] = [];
    for (let number = 1; number <= 25; number++) {
      const at = new Date(NOW + number * 60_000);
      const delivery = newId("whd_", at.getTime(), manage.dependencies.random);
      ids.unshift(delivery);
      await manage.note({
        facts: {
          destination: `ws_1/${id}`,
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
      const { body } = await manage.ask("GET", `${path}/deliveries`, { query });
      return [body.items.map(({ id: delivery }: { id: string }) => delivery), body.nextCursor];
    };
    // The first has expired, though its row is still there.
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
      expect((await manage.ask("GET", `${path}/deliveries`, { query })).status).toBe(400);
    }
  });
});

describe("replays", () => {
  const window = {
    from: new Date(NOW + 1.5 * 3_600_000).toISOString(),
    to: new Date(NOW + 3.5 * 3_600_000).toISOString(),
  };

  it("are counted before they are run", async () => {
    await putPages(5);
    const { status, body } = await post("replays", { ...window, dryRun: true });
    expect(status).toBe(200);
    expect(body).toEqual({
      dryRun: true,
      ...window,
      events: 4,
      exact: true,
      journalledEvents: 4,
      startsAt: { page: 2, index: 0 },
    });
    expect((await manage.ask("GET", `${path}/replays`)).body.items).toEqual([]);
  });

  it("count what the filter wants, exactly where that is cheap", async () => {
    const references = await Promise.all(["paid", "sent", "paid"].map((action) => recordOne(action)));
    await manage.putPage(page(1, { entries: references, total: 3 }));
    manage.clock.now = NOW + 2 * 3_600_000;
    await manage.ask("PATCH", path, {
      body: { eventTypes: ["pro.atmos.billing.paid"] },
      headers: { "if-match": "*" },
    });
    const all = { from: "2026-11-23T00:00:00Z", to: "2026-11-24T00:00:00Z", dryRun: true };
    expect((await post("replays", all)).body).toMatchObject({ events: 2, exact: true, journalledEvents: 3 });
    await manage.putPage(page(2, { total: 3_003 }));
    expect((await post("replays", all)).body).toMatchObject({ events: 3003, exact: false });
  });

  it("are counted without what has expired on their first pages", async () => {
    const at = new Date(NOW + 20 * 60_000).toISOString();
    await manage.putPage(agedPage(1, [-10, 0, 10]));
    await manage.putPage({ ...agedPage(2, [11, 12], 5), at });
    await manage.putPage({ ...agedPage(3, [13, 25], 7), at: new Date(NOW + 25 * 60_000).toISOString() });
    await manage.putPage(agedPage(4, [26], 8));
    const all = { from: "2026-11-23T00:00:00Z", to: "2026-11-24T00:00:00Z", dryRun: true };
    const countAt = async (minute: number): Promise<unknown[]> => {
      manage.clock.now = NOW + minute * 60_000 + 365 * 86_400_000;
      const { body } = await post("replays", all);
      return [body.events, body.exact, body.startsAt.page];
    };
    expect(await countAt(-10)).toEqual([8, true, 1]);
    expect(await countAt(5)).toEqual([6, true, 1]);
    expect(await countAt(20)).toEqual([2, true, 3]);
    expect(await countAt(26)).toEqual([1, true, 4]);
    expect(await countAt(27)).toEqual([0, true, 5]);
  });

  it("are counted exactly, however many pages hold what has expired, until they are too many to be read", async () => {
    const at = new Date(NOW + 20 * 60_000).toISOString();
    for (let number = 1; number <= 12; number++)
      await manage.putPage({ ...agedPage(number, [0, 20], number * 2), at });
    manage.clock.now = NOW + 10 * 60_000 + 365 * 86_400_000;
    const all = { from: "2026-11-23T00:00:00Z", to: "2026-11-24T00:00:00Z", dryRun: true };
    expect((await post("replays", all)).body).toMatchObject({ events: 12, exact: true });
    await manage.putPage({ ...agedPage(13, [21], 2_024), at });
    expect((await post("replays", all)).body).toMatchObject({ events: 2_014, exact: false });
  });

  it("are counted without notices of the destination to itself", async () => {
    const { dependencies } = manage;
    const row = await dependencies.registry.readWorkspace("ws_1");
    if (row === undefined) throw new Error("no workspace");
    const references = ["failing", "recovered"].map(async (kind) => {
      const target = { type: "destination", id };
      const event = {
        category: "webhook",
        action: `delivery_${kind}`,
        actor: { type: "system", id: "a" },
        target,
      };
      const own = { workspace: row, event, trace: undefined };
      const entry = buildOwnEntry(own, NOW, dependencies.random, dependencies.settings);
      await dependencies.registry.commit([{ kind: "record", entry }]);
      return referenceOf(entry);
    });
    await manage.putPage(
      page(1, { entries: [await recordOne("paid"), ...(await Promise.all(references))], total: 3 }),
    );
    manage.clock.now = NOW + 2 * 3_600_000;
    const all = { from: "2026-11-23T00:00:00Z", to: "2026-11-24T00:00:00Z", dryRun: true };
    expect((await post("replays", all)).body).toMatchObject({ events: 1, exact: true, journalledEvents: 3 });
  });

  it("with a filter leave out what has expired and is still there", async () => {
    const references = await Promise.all([0, 10].map((minute) => recordOne("paid", NOW + minute * 60_000)));
    await manage.putPage(page(1, { entries: references, total: 2 }));
    await manage.ask("PATCH", path, {
      body: { eventTypes: ["pro.atmos.billing.paid"] },
      headers: { "if-match": "*" },
    });
    manage.clock.now = NOW + 5 * 60_000 + 365 * 86_400_000;
    const all = { from: "2026-11-23T00:00:00Z", to: "2026-11-24T00:00:00Z", dryRun: true };
    expect((await post("replays", all)).body).toMatchObject({ events: 1, exact: true, journalledEvents: 1 });
  });

  it("run on a lane of their own, tell how far they are, and end", async () => {
    await putPages(5);
    const { status, body, headers } = await post("replays", { ...window, eventsPerSecond: 10 });
    expect(status).toBe(201);
    expect(headers["location"]).toBe(`${path}/replays/${body.id}`);
    expect(body).toMatchObject({
      status: "running",
      events: 4,
      passedEvents: 0,
      progress: 0,
      createdBy: "usr_1",
    });
    const started = await lane(body.id);
    expect(started).toMatchObject({
      cursor: { page: 2, index: 0 },
      until: { page: 4, index: 0 },
      recorded: window,
      eventsPerSecond: 10,
      number: 1,
    });
    expect(manage.rings.rung).toEqual([{ workspace: "ws_1", destination: id, lane: body.id }]);
    const get = async () => (await manage.ask("GET", `${path}/replays/${body.id}`)).body;
    await store({ ...started, cursor: { page: 3, index: 1 } });
    expect(await get()).toMatchObject({ passedEvents: 3, progress: 0.75 });
    await store({ ...(await lane(body.id)), status: "suspended" });
    expect(await get()).toMatchObject({ status: "suspended" });
    await store({ ...(await lane(body.id)), cursor: { page: 4, index: 0 }, status: "ended" });
    expect(await get()).toMatchObject({ status: "done", passedEvents: 4, progress: 1 });
  });

  it("are cancelled, once, and close what they had frozen", async () => {
    await putPages(5);
    const { body } = await post("replays", window);
    await store(freezeFirst(await lane(body.id)));
    expect((await manage.ask("DELETE", `${path}/replays/${body.id}`)).status).toBe(204);
    expect((await manage.ask("DELETE", `${path}/replays/${body.id}`)).status).toBe(204);
    expect((await manage.ask("GET", `${path}/replays/${body.id}`)).body.status).toBe("cancelled");
    expect((await manage.ask("GET", `${path}/deliveries/${WHD}`)).body).toMatchObject({
      outcome: "skipped",
      lane: body.id,
    });
    expect((await typesOf()).filter((type) => type === "webhook.replay_cancelled")).toHaveLength(1);
  });

  it("are three at once at most, listed newest first", async () => {
    const ids: string[] = [];
    for (let count = 0; count < 3; count++) {
      manage.clock.now += 1000;
      ids.unshift((await post("replays", window)).body.id);
    }
    expect(await post("replays", window)).toMatchObject({ status: 409, body: { limit: "3 at once" } });
    const first = (await manage.ask("GET", `${path}/replays`, { query: { limit: "2" } })).body;
    expect(first.items.map((replay: { id: string }) => replay.id)).toEqual(ids.slice(0, 2));
    const query = { limit: "2", cursor: first.nextCursor };
    const second = (await manage.ask("GET", `${path}/replays`, { query })).body;
    expect(second).toMatchObject({ items: [{ id: ids[2] }], nextCursor: null });
  });

  it("of a deleted destination go with it", async () => {
    await post("replays", window);
    await manage.ask("DELETE", path);
    expect(await manage.dependencies.registry.listRemains("ws_1", id)).toEqual([]);
  });

  it("forget the oldest that have ended beyond fifty", async () => {
    const { body } = await post("replays", window);
    await manage.ask("DELETE", `${path}/replays/${body.id}`);
    const row = await manage.dependencies.registry.readReplay("ws_1", id, body.id);
    const ended = await lane(body.id);
    if (row === undefined) throw new Error("no replay");
    for (let first = 0; first < 51; first += 17) {
      const writes = Array.from({ length: 17 }, (_, index): RegistryWrite[] => {
        const replay = newId("rpl_", NOW + 1000 + first + index, manage.dependencies.random);
        return [
          { kind: "create", row: { ...row, replay, item: `replay#${id}#${replay}` } },
          { kind: "create", row: { ...ended, lane: replay, item: `lane#${id}#${replay}` } },
        ];
      });
      const [write, ...others] = writes.flat();
      if (write !== undefined) await manage.dependencies.registry.commit([write, ...others]);
    }
    await post("replays", window);
    expect(await manage.dependencies.registry.listReplays("ws_1", id)).toHaveLength(50);
    expect(await manage.dependencies.registry.listLanes("ws_1")).toHaveLength(51);
    expect((await manage.ask("GET", `${path}/replays/${body.id}`)).status).toBe(404);
  });

  it.each([
    ["no end", { from: window.from }, "to"],
    ["the end first", { from: window.to, to: window.from }, "to"],
    ["no times", { from: "a", to: "b" }, "from"],
    ["a cap of nothing", { ...window, eventsPerSecond: 0 }, "eventsPerSecond"],
    ["dryRun as text", { ...window, dryRun: "yes" }, "dryRun"],
  ])("with %s are refused", async (_name, body, field) => {
    expect(await post("replays", body)).toMatchObject({ status: 400, body: { field } });
  });

  it("of a disabled destination are counted and not started", async () => {
    await putPages(5);
    await post("disable");
    expect(await post("replays", { ...window, dryRun: true })).toMatchObject({ status: 200 });
    expect(await post("replays", window)).toMatchObject(DISABLED);
    expect((await manage.ask("GET", `${path}/replays`)).body.items).toEqual([]);
    expect(manage.rings.rung).toEqual([]);
  });

  it("are paused while the plan has no forwarding", async () => {
    await putPages(5);
    const { body } = await post("replays", window);
    expect(body.status).toBe("running");
    await manage.ask("PUT", `${WS}/entitlement`, { body: { plan: "free" }, workspaces: "*" });
    expect((await manage.ask("GET", `${path}/replays/${body.id}`)).body.status).toBe("paused");
  });

  it("need forwarding", async () => {
    await manage.ask("PUT", `${WS}/entitlement`, { body: { plan: "free" }, workspaces: "*" });
    expect(await post("replays", window)).toMatchObject({ status: 403, body: { plan: "enterprise" } });
  });
});
