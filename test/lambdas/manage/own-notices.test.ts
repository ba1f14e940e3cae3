import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toTimestamp } from "../../../lambdas/core/base/clock.ts";
import { referenceOf } from "../../../lambdas/core/entry/build-entry.ts";
import type { EntryReference } from "../../../lambdas/core/entry/entry.ts";
import { buildOwnEntry } from "../../../lambdas/core/entry/own-entry.ts";
import { rowOf } from "../../../lambdas/core/lane/row.ts";
import type { LaneRow } from "../../../lambdas/core/lane/row-schema.ts";
import { type Management, NOW, startManagement } from "../../helpers/management.ts";

const WS = "/v1/workspaces/ws_1";
const MINUTE = 60_000;

let manage: Management;
let id: string;
let pages: number;
let total: number;

beforeEach(async () => {
  manage = await startManagement();
  await manage.ask("PUT", `${WS}/entitlement`, { body: { plan: "enterprise" }, workspaces: "*" });
  const body = { name: "a", url: "https://siem.example.com/in" };
  id = (await manage.ask("POST", `${WS}/destinations`, { body })).body.id;
  pages = 0;
  total = 0;
});
afterEach(() => manage.close());

/** Records one event a minute after the previous one, about the destination or another one. */
async function record(action: string, target = id): Promise<EntryReference> {
  const { registry, random, settings } = manage.dependencies;
  const workspace = await registry.readWorkspace("ws_1");
  if (workspace === undefined) throw new Error("no workspace");
  const event = {
    category: "webhook",
    action,
    actor: { type: "system", id: "trailcast" },
    target: { type: "destination", id: target },
  };
  manage.clock.now += MINUTE;
  const entry = buildOwnEntry({ workspace, event, trace: undefined }, manage.clock.now, random, settings);
  await registry.commit([{ kind: "record", entry }]);
  return referenceOf(entry);
}

async function putPage(...entries: EntryReference[]): Promise<void> {
  pages++;
  total += entries.reduce((sum, { count }) => sum + count, 0);
  await manage.putPage({
    workspace: "ws_1",
    page: pages,
    seq: `l/${pages}`,
    late: 0,
    previousHash: "",
    hash: "",
    at: entries.at(-1)?.recordedAt ?? "",
    total,
    entries,
  });
}

const many = (count: number): EntryReference => ({
  entry: `ent_many_${pages}`,
  shard: 0,
  bytes: 10,
  expiresAt: 9e9,
  hash: "h",
  count,
  recordedAt: toTimestamp(manage.clock.now),
});

const health = async (): Promise<[number, string | null]> => {
  const { behindEvents, oldestUndeliveredAt } = (await manage.ask("GET", `${WS}/destinations/${id}`)).body
    .health;
  return [behindEvents, oldestUndeliveredAt];
};

async function change(changes: Partial<LaneRow>): Promise<void> {
  const lane = await manage.dependencies.registry.readLane("ws_1", id, "live");
  if (lane === undefined) throw new Error("no lane");
  await manage.dependencies.registry.commit([{ kind: "replace", row: { ...rowOf(lane), ...changes } }]);
}

const FROZEN = {
  id: "whd_01M83AAAAAW5M2T9C7R4X6V0BD",
  number: 1,
  frozenAt: toTimestamp(NOW),
  format: "cloudevents-batch" as const,
  contentVersion: 1,
  count: 100,
  check: "0123456789abcdef",
};

it("a destination is not behind if only notices about itself wait", async () => {
  for (const kind of ["failing", "recovered", "suspended", "resumed"])
    await putPage(await record(`delivery_${kind}`));
  expect(await health()).toEqual([0, null]);
});

it("notices about other destinations and actions of the owner count as waiting", async () => {
  await putPage(await record("delivery_failing"));
  const owed = [await record("delivery_failing", "dst_other"), await record("delivery_skipped")];
  await putPage(...owed);
  await putPage(await record("delivery_failing"));
  expect(await health()).toEqual([2, owed[0]?.recordedAt]);
});

it("notices within a page are excluded, from the cursor on", async () => {
  const [first, second, third] = [
    await record("delivery_failing"),
    await record("delivery_skipped"),
    await record("delivery_suspended"),
  ];
  await putPage(first, second, third);
  expect(await health()).toEqual([1, second.recordedAt]);
  await change({ cursor: { page: 1, index: 2 } });
  expect(await health()).toEqual([0, null]);
});

it("the oldest waiting event is never a notice; in a large backlog notices are counted, and the log says so", async () => {
  for (let index = 0; index < 12; index++) await putPage(await record("delivery_failing"));
  manage.clock.now += MINUTE;
  const waiting = many(100);
  await putPage(waiting);
  await putPage(await record("delivery_failing"));
  const [behind, oldest] = await health();
  expect(oldest).toBe(waiting.recordedAt);
  expect(behind).toBeGreaterThanOrEqual(100);
  expect(behind).toBeLessThanOrEqual(113);
});

/** Reads of the Events table, which can be made to fail. */
function watchEntries(): { asked: number[]; fails: boolean } {
  const { entries } = manage.dependencies;
  const watched = { asked: [] as number[], fails: false };
  const read = entries.readEntries;
  Object.assign(entries, {
    readEntries: async (workspace: string, references: EntryReference[]) => {
      watched.asked.push(references.length);
      if (watched.fails) throw new Error("Out of order");
      return read(workspace, references);
    },
  });
  return watched;
}

it("only the first page of a large backlog is read, and nothing when a batch is pending", async () => {
  const { asked } = watchEntries();
  await putPage(many(100), await record("delivery_failing"), await record("delivery_skipped"));
  await putPage(many(100));
  expect(await health()).toEqual([201, toTimestamp(NOW)]);
  expect(asked).toEqual([2]);
  await change({ frozen: { ...FROZEN, end: { page: 1, index: 100 } } });
  expect(await health()).toEqual([202, toTimestamp(NOW)]);
  expect(asked).toEqual([2]);
});

it("an entry too large to be a notice is not read", async () => {
  const { asked } = watchEntries();
  await putPage({ ...many(1), bytes: 4_097 }, await record("delivery_failing"));
  expect(await health()).toEqual([1, toTimestamp(NOW)]);
  expect(asked).toEqual([1]);
});

describe("listed destinations", () => {
  const listed = async (): Promise<number[]> =>
    (await manage.ask("GET", `${WS}/destinations`)).body.items.map(
      ({ health: { behindEvents } }: { health: { behindEvents: number } }) => behindEvents,
    );

  beforeEach(async () => {
    for (const name of ["b", "c"])
      await manage.ask("POST", `${WS}/destinations`, {
        body: { name, url: "https://siem.example.com/in" },
      });
    await putPage(await record("delivery_failing"), await record("delivery_skipped"));
    await putPage(await record("delivery_recovered"));
  });

  it("share the reads, and each is shown without its own notices", async () => {
    const { asked } = watchEntries();
    const { journal } = manage.dependencies;
    const behindNext: number[] = [];
    const read = journal.readPagesFrom;
    Object.assign(journal, {
      readPagesFrom: (...[workspace, from, limit]: Parameters<typeof read>) => {
        if (from > 1) behindNext.push(from);
        return read(workspace, from, limit);
      },
    });
    expect((await listed()).toSorted()).toEqual([1, 3, 3]);
    expect(asked).toEqual([2, 1]);
    expect(behindNext).toEqual([2]);
  });

  it("are shown with their notices counted while the Events table cannot be read, which is tried once", async () => {
    const watched = watchEntries();
    watched.fails = true;
    expect(await listed()).toEqual([3, 3, 3]);
    expect(watched.asked).toHaveLength(1);
    expect(manage.log.lines).toContainEqual(expect.objectContaining({ message: "notices.unread" }));
    watched.fails = false;
    expect((await listed()).toSorted()).toEqual([1, 3, 3]);
  });
});

it.each([
  ["POST", "/disable", undefined],
  ["POST", "/enable", { from: "where-it-stopped" }],
  ["PATCH", "", { name: "z" }],
])("%s %s is answered as made while the Events table cannot be read", async (method, route, body) => {
  await putPage(await record("delivery_failing"));
  if (route === "/enable") await manage.ask("POST", `${WS}/destinations/${id}/disable`);
  watchEntries().fails = true;
  const { status, body: shown } = await manage.ask(method, `${WS}/destinations/${id}${route}`, {
    ...(body !== undefined && { body }),
    headers: { "if-match": "*" },
  });
  expect(status).toBe(200);
  expect(shown.health.behindEvents).toBe(1);
});
