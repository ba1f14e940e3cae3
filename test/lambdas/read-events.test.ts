import { randomBytes } from "node:crypto";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { encodeTime } from "ulid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toAttributes } from "../../lambdas/adapters/dynamo.ts";
import { createEventDeliveries, SPANS_LOOKED_AT } from "../../lambdas/adapters/event-deliveries.ts";
import { createExportRows } from "../../lambdas/adapters/export-store.ts";
import { createReading } from "../../lambdas/adapters/journal-reading.ts";
import { createWorkspaceReader } from "../../lambdas/adapters/workspace-store.ts";
import { eventId } from "../../lambdas/core/ids.ts";
import { runExport } from "../../lambdas/core/reading/run-export.ts";
import { DAY_MS } from "../../lambdas/core/retention/retention.ts";
import { createReadEventsHandler } from "../../lambdas/read-events.ts";
import { claims, httpEvent, lambdaContext } from "../helpers/http-events.ts";
import { createRecordedLog, workspaceRow } from "../helpers/in-memory-stores.ts";
import { type LocalDynamo, startLocalDynamo } from "../helpers/local-dynamo.ts";
import { createRecordedWorkspace, postedEvent } from "../helpers/recorded-workspace.ts";

const START = Date.parse("2026-11-01T00:00:00.000Z");
const PLANS = { enterprise: { retentionDays: 7, forwarding: true, maxDestinations: 10 } };
let now = START;
let dynamo: LocalDynamo;
let recorded: ReturnType<typeof createRecordedWorkspace>;
let ask: (
  path: string,
  query?: Record<string, string>,
  parts?: { body?: string; claims?: Record<string, unknown>; parameters?: Record<string, string> },
) => Promise<{ status: number; type: string | undefined; text: string; json: () => any }>;
let runJob: (id: string) => Promise<string>;
const COVERING = `whd_${encodeTime(START + 5 * DAY_MS + 1_000, 10)}AAAAAAAAAAAAAAAA`;
const LATER = `whd_${encodeTime(START + 6 * DAY_MS + 1_000, 10)}BBBBBBBBBBBBBBBB`;
const objects = new Map<string, string>();

beforeAll(async () => {
  dynamo = await startLocalDynamo(() => now);
  recorded = createRecordedWorkspace(dynamo, () => now);
  const reading = createReading(dynamo.client, "Journal", recorded.journal, recorded.entries);
  const workspaces = createWorkspaceReader(dynamo.client, "Registry");
  const rows = createExportRows(dynamo.client, "Registry");
  const parts = {
    putPart: async (key: string, text: string) => void objects.set(key, text),
    linkTo: async (key: string) => `https://bucket.example/${key}`,
  };
  const handler = createReadEventsHandler({
    workspaces,
    reading,
    entries: recorded.entries,
    journal: recorded.journal,
    deliveriesOf: createEventDeliveries({
      client: dynamo.client,
      registry: "Registry",
      deliveries: "Deliveries",
      eventTypePrefix: "pro.atmos",
      clock: () => now,
    }),
    rows,
    parts,
    starter: { start: async () => {} },
    random: (bytes) => new Uint8Array(bytes).fill(7),
    clock: () => now,
    plans: PLANS,
    shards: {},
    scopePrefix: "",
    log: createRecordedLog(),
  });
  runJob = (id) =>
    runExport("ws_1", id, {
      workspaces,
      rows,
      parts,
      reading,
      plans: PLANS,
      clock: () => now,
      random: () => randomBytes(8),
      hasTime: () => true,
      partBytes: 2_000,
    });
  ask = async (route, query = {}, request = {}) => {
    const event = httpEvent(route.replace("/ws/", "/v1/workspaces/{ws}/"), {
      query,
      claims: request.claims ?? claims("[ws_1]", "events:read"),
      parameters: { ws: "ws_1", ...request.parameters },
      ...(request.body !== undefined && { body: request.body }),
    });
    const { statusCode, headers, body = "" } = await handler(event, lambdaContext);
    return { status: statusCode, type: headers?.["content-type"], text: body, json: () => JSON.parse(body) };
  };
  await recorded.put(workspaceRow("ws_1"));
  await recorded.put(workspaceRow("ws_2"));
  await recorded.put(workspaceRow("ws_large"));
  for (let day = 0; day < 10; day++) {
    now = START + day * DAY_MS;
    await recorded.record("ws_1", [
      postedEvent({ description: `first of day ${day}`, actor: { type: "user", id: `usr_${day % 2}` } }),
      postedEvent({ category: "billing", action: "paid", target: { type: "invoice", id: `inv_${day}` } }),
    ]);
  }
  await recorded.record("ws_2", [postedEvent({ description: "somebody else's" })]);
}, 30_000);

afterAll(() => dynamo.close());

describe("the list of events", () => {
  it("is newest first and ends at the retention window", async () => {
    const { status, json } = await ask("GET /ws/events", { limit: "100" });
    expect(status).toBe(200);
    expect(json().items).toHaveLength(16);
    expect(json().items[0].time).toBe("2026-11-10T00:00:00.000Z");
    expect(json().items.at(-1).time).toBe("2026-11-03T00:00:00.000Z");
    expect(json().nextCursor).toBeNull();
  });

  it("goes on at its cursor without a gap or a double, also when events are recorded meanwhile", async () => {
    const first = (await ask("GET /ws/events", { limit: "5" })).json();
    await recorded.record("ws_1", [postedEvent({ description: "meanwhile" })]);
    const second = (await ask("GET /ws/events", { limit: "100", cursor: first.nextCursor })).json();
    const ids = [...first.items, ...second.items].map(({ id }: { id: string }) => id);
    expect(new Set(ids).size).toBe(16);
    expect(ids).toHaveLength(16);
  });

  it.each([
    [{ category: "billing" }, 8],
    [{ category: "team_member", action: "invited", actor: "usr_1" }, 4],
    [{ target: "inv_5" }, 1],
    [{ q: "FIRST OF DAY 9" }, 1],
    [{ from: "2026-11-05T00:00:00Z", to: "2026-11-07T00:00:00Z" }, 4],
    [{ from: "2026-11-05T01:00:00+01:00", to: "2026-11-05T00:00:01Z" }, 2],
    [{ to: "2026-11-02T00:00:00Z" }, 0],
  ])("with %o holds %i events", async (query, count) => {
    const { json } = await ask("GET /ws/events", {
      to: "2026-11-10T00:00:00.001Z",
      limit: "100",
      ...query,
    } as never);
    expect(json().items.filter(({ data }: any) => data.description !== "meanwhile")).toHaveLength(count);
  });

  it.each([
    [{ limit: "0" }, "limit"],
    [{ limit: "101" }, "limit"],
    [{ limit: "many" }, "limit"],
    [{ from: "yesterday" }, "from"],
    [{ category: "Team Member" }, "category"],
    [{ q: "" }, "q"],
    [{ colour: "red" }, "colour"],
    [{ cursor: "made-up" }, "cursor"],
    [{ from: "9999-12-31T23:59:59-01:00" }, "from"],
  ])("refuses %o and names %s", async (query, field) => {
    const { status, type, json } = await ask("GET /ws/events", query as never);
    expect({ status, type, field: json().field }).toEqual({
      status: 400,
      type: "application/problem+json",
      field,
    });
  });

  it("is no larger than what Lambda lets through, and goes on behind that", async () => {
    const quotes = postedEvent({ description: '"'.repeat(31_000) });
    const recordedIds: string[] = [];
    for (let entry = 0; entry < 6; entry++) {
      const { entry: key } = await recorded.record(
        "ws_large",
        Array.from({ length: 13 }, () => quotes),
      );
      recordedIds.unshift(...Array.from({ length: 13 }, (_, place) => eventId(key, 12 - place)));
    }
    const request = { claims: claims("[ws_large]", "events:read"), parameters: { ws: "ws_large" } };
    const ids: string[] = [];
    let cursor: string | null | undefined;
    do {
      const query = { limit: "100", ...(typeof cursor === "string" && { cursor }) };
      const { status, text, json } = await ask("GET /ws/events", query as never, request);
      expect(status).toBe(200);
      expect(JSON.stringify(text).length).toBeLessThan(6_200_000);
      ids.push(...json().items.map(({ id }: { id: string }) => id));
      cursor = json().nextCursor;
    } while (typeof cursor === "string");
    expect(ids).toEqual(recordedIds);
    const { status, json } = await ask("GET /ws/events/export", { format: "ndjson" }, request);
    expect({ status, type: json().type }).toMatchObject({
      status: 413,
      type: expect.stringContaining("export-too-large"),
    });
  });

  it("refuses a cursor of another question", async () => {
    const { nextCursor } = (await ask("GET /ws/events", { limit: "2" })).json();
    expect(
      (await ask("GET /ws/events", { limit: "2", category: "billing", cursor: nextCursor })).json().field,
    ).toBe("cursor");
  });

  it.each([
    { page: 1e300, index: 0 },
    { page: 2 ** 53, index: 0 },
    { page: 1.5, index: 0 },
    { page: -1, index: 0 },
    { page: 1, index: 0.5 },
    { page: 1, index: -1 },
    { page: "1", index: 0 },
  ])("refuses a cursor that somebody made for %o", async (at) => {
    const { nextCursor } = (await ask("GET /ws/events", { limit: "2" })).json();
    const parts = JSON.parse(Buffer.from(nextCursor, "base64url").toString());
    const cursor = Buffer.from(JSON.stringify({ ...parts, at })).toString("base64url");
    const { status, json } = await ask("GET /ws/events", { limit: "2", cursor });
    expect({ status, field: json().field }).toEqual({ status: 400, field: "cursor" });
  });

  it("asks for the scope and the workspace of the token", async () => {
    expect((await ask("GET /ws/events", {}, { claims: claims("[ws_1]", "events:write") })).status).toBe(403);
    expect((await ask("GET /ws/events", {}, { claims: claims("[ws_2]", "events:read") })).status).toBe(403);
  });
});

it.each([
  ["GET /ws/events", {}],
  ["GET /ws/events/export", { query: { format: "csv" } }],
  ["GET /ws/events/{id}", { parameters: { id: "aud_0g40r40m30e209185gr38e1w8100" } }],
  ["GET /ws/exports", {}],
  ["POST /ws/exports", { body: JSON.stringify({ format: "csv" }) }],
  ["GET /ws/exports/{exp}", { parameters: { exp: "exp_01KB9TDT00AAAAAAAAAAAAAAAA" } }],
])("%s of a workspace that has ended says so", async (route, { query = {}, parameters = {}, body }: any) => {
  await recorded.put({ ...workspaceRow("ws_ended"), endedAt: new Date(START).toISOString() });
  const request = {
    claims: claims("[ws_ended]", "events:read"),
    parameters: { ws: "ws_ended", ...parameters },
  };
  const { status, json } = await ask(route, query, { ...request, ...(body !== undefined && { body }) });
  expect({ status, title: json().title }).toEqual({ status: 410, title: "The workspace has ended" });
});

describe("one event", () => {
  const put = async (TableName: string, items: object[]) => {
    for (const item of items)
      await dynamo.client.send(new PutItemCommand({ TableName, Item: toAttributes(item) }));
  };
  const destination = (name: string, eventTypes: string[], contentVersion = 1) => ({
    workspace: "ws_1",
    item: `destination#${name}`,
    destination: name,
    eventTypes,
    contentVersion,
  });
  const delivery = (name: string, id: string, span: object) => ({
    destination: `ws_1/${name}`,
    delivery: id,
    outcome: "delivered",
    createdAt: "2026-11-06T00:00:01.000Z",
    count: 2,
    contentVersion: 1,
    expiresAt: Math.floor(START / 1000) + 40 * 86_400,
    ...span,
  });
  const byId = (id: string) => ask("GET /ws/events/{id}", {}, { parameters: { id } });

  it("is found by its id, with the deliveries that covered it", async () => {
    const [event] = (await ask("GET /ws/events", { target: "inv_5" })).json().items;
    const found = await byId(event.id);
    expect(found.json()).toMatchObject({ event, recordedAt: "2026-11-06T00:00:00.000Z", deliveries: [] });

    const rows = [
      delivery("dst_A", COVERING, { first: { page: 6, index: 0 }, end: { page: 6, index: 2 } }),
      delivery("dst_A", LATER, { first: { page: 7, index: 0 }, end: { page: 8, index: 0 } }),
    ];
    await put("Registry", [destination("dst_A", [])]);
    await put("Deliveries", rows);
    const { deliveries, moreDeliveries } = (await byId(event.id)).json();
    expect(deliveries).toEqual([
      {
        destination: "dst_A",
        id: COVERING,
        outcome: "delivered",
        frozenAt: "2026-11-06T00:00:01.000Z",
        certain: true,
      },
    ]);
    expect(moreDeliveries).toBe(false);
  });

  describe("was not in a delivery only because its span holds it", () => {
    const PAGE = { first: { page: 7, index: 0 }, end: { page: 7, index: 2 } };
    let event: { id: string };
    const shown = async (name: string) =>
      (await byId(event.id))
        .json()
        .deliveries.filter((found: { destination: string }) => found.destination === name);

    beforeAll(async () => {
      [event] = (await ask("GET /ws/events", { target: "inv_6" })).json().items;
    });

    it("of a destination whose filter leaves it out", async () => {
      await put("Registry", [destination("dst_team", ["pro.atmos.team_member.*"])]);
      await put("Deliveries", [delivery("dst_team", LATER, { ...PAGE, count: 1 })]);
      expect(await shown("dst_team")).toEqual([]);
    });

    it("and is not certain once the filter was changed, unless the span was delivered whole", async () => {
      await put("Registry", [destination("dst_changed", ["pro.atmos.team_member.*"], 2)]);
      await put("Deliveries", [delivery("dst_changed", LATER, { ...PAGE, count: 1 })]);
      expect(await shown("dst_changed")).toMatchObject([{ id: LATER, certain: false }]);
      await put("Deliveries", [delivery("dst_changed", LATER, { ...PAGE, count: 2 })]);
      expect(await shown("dst_changed")).toMatchObject([{ id: LATER, certain: true }]);
    });

    it("nor is one shown whose row is past its TTL", async () => {
      await put("Registry", [destination("dst_gone", [])]);
      await put("Deliveries", [delivery("dst_gone", LATER, { ...PAGE, expiresAt: Math.floor(now / 1000) })]);
      expect(await shown("dst_gone")).toEqual([]);
    });

    it("nor is a destination shown its own failure", async () => {
      now += 1;
      const { entry } = await recorded.record("ws_1", [
        postedEvent({
          category: "webhook",
          action: "delivery_failing",
          target: { type: "destination", id: "dst_failing" },
        }),
      ]);
      const newest = await recorded.journal.newestPage("ws_1");
      const page = newest?.page ?? 0;
      const span = { first: { page, index: 0 }, end: { page, index: 1 }, count: 1 };
      const id = (letter: string) => `whd_${encodeTime(now + 1, 10)}${letter.repeat(16)}`;
      await put("Registry", [destination("dst_failing", []), destination("dst_other", [])]);
      await put("Deliveries", [delivery("dst_failing", id("C"), span), delivery("dst_other", id("D"), span)]);
      const { deliveries } = (await byId(eventId(entry, 0))).json();
      expect(deliveries.map((found: { destination: string }) => found.destination)).toEqual(["dst_other"]);
      now -= 1;
    });

    it("is found by its first delivery and by its replay of late, newest first, and says what was not looked at", async () => {
      await put("Registry", [destination("dst_busy", [])]);
      const id = (number: number) =>
        `whd_${encodeTime(START + 6 * DAY_MS + number * 1_000, 10)}${"E".repeat(16)}`;
      const elsewhere = { first: { page: 9, index: 0 }, end: { page: 9, index: 2 } };
      const others = (from: number, to: number) =>
        Array.from({ length: to - from }, (_, index) => delivery("dst_busy", id(from + index), elsewhere));
      await put("Deliveries", [
        delivery("dst_busy", id(1), PAGE),
        ...others(2, 400),
        delivery("dst_busy", id(600), PAGE),
      ]);
      expect(await shown("dst_busy")).toMatchObject([{ id: id(600) }, { id: id(1) }]);
      expect((await byId(event.id)).json().moreDeliveries).toBe(false);
      await put("Deliveries", others(400, 2 * SPANS_LOOKED_AT + 10));
      expect(await shown("dst_busy")).toMatchObject([{ id: id(600) }, { id: id(1) }]);
      expect((await byId(event.id)).json().moreDeliveries).toBe(true);
    });
  });

  it("is found whatever number of shards the workspace had when it was recorded", async () => {
    now += 1;
    for (const shard of [3, 63]) {
      const { entry } = await recorded.record("ws_1", [postedEvent()], 365, shard);
      expect((await byId(eventId(entry, 0))).json().entry).toBe(entry);
    }
    now -= 1;
  });

  it("of another workspace, past the window or of no form is not there", async () => {
    const foreign = await recorded.record("ws_2", [postedEvent()]);
    const expired = await recorded.journal.readPage("ws_1", 1);
    const ids = [`aud_${foreign.entry.slice(4)}00`, `aud_${expired?.entries[0]?.entry.slice(4)}00`, "aud_1"];
    for (const id of ids) {
      const { status, json } = await byId(id);
      expect({ status, title: json().title }).toEqual({ status: 404, title: "There is no such event" });
    }
  });
});

describe("an export", () => {
  it("at once is oldest first and keeps the recorded bytes", async () => {
    const { status, type, text } = await ask("GET /ws/events/export", {
      format: "ndjson",
      to: "2026-11-10T00:00:00.001Z",
    });
    const events = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect({ status, type, count: events.length }).toEqual({
      status: 200,
      type: "application/x-ndjson",
      count: 17,
    });
    expect(events[0].time).toBe("2026-11-03T00:00:00.000Z");
  });

  it("as CSV begins with its columns", async () => {
    const { text } = await ask("GET /ws/events/export", { format: "csv", from: "2026-11-09T12:00:00Z" });
    const [header, row] = text.split("\r\n");
    expect(header).toMatch(/^id,time,type,category.*,recorded_at$/);
    expect(row).toMatch(/,"2026-11-10T00:00:00.000Z"$/);
  });

  it("as a job writes parts that hold every event once, and links to them when it is done", async () => {
    const asked = await ask(
      "POST /ws/exports",
      {},
      { body: JSON.stringify({ format: "ndjson", category: "billing" }) },
    );
    expect(asked.status).toBe(202);
    const { id, status, parts } = asked.json();
    expect({ status, parts }).toEqual({ status: "running", parts: [] });
    await recorded.record("ws_1", [postedEvent({ category: "billing", action: "refunded" })]);

    expect(await runJob(id)).toBe("finished");
    const done = (await ask("GET /ws/exports/{exp}", {}, { parameters: { exp: id } })).json();
    expect(done).toMatchObject({ status: "done", events: 8 });
    expect(done.parts.length).toBeGreaterThan(1);
    const lines = done.parts.flatMap(({ url }: { url: string }) =>
      (objects.get(url.replace("https://bucket.example/", "")) ?? "").trimEnd().split("\n"),
    );
    expect(new Set(lines.map((line: string) => JSON.parse(line).id)).size).toBe(8);
    expect((await ask("GET /ws/exports")).json().items.map((item: { id: string }) => item.id)).toContain(id);
  });

  it("is one of ten jobs at once", async () => {
    const request = {
      body: JSON.stringify({ format: "csv" }),
      claims: claims("[ws_2]", "events:read"),
      parameters: { ws: "ws_2" },
    };
    const before = now;
    const statuses: number[] = [];
    for (now += 1; statuses.length < 11; now += 1) {
      statuses.push((await ask("POST /ws/exports", {}, request)).status);
    }
    expect(statuses).toEqual([...Array<number>(10).fill(202), 409]);
    now += DAY_MS;
    const { status } = await ask("POST /ws/exports", {}, request);
    now = before;
    expect(status).toBe(202);
  });

  it("of another workspace is not there", async () => {
    const { status } = await ask(
      "GET /ws/exports/{exp}",
      {},
      { parameters: { exp: "exp_01KB9TDT00AAAAAAAAAAAAAAAA" } },
    );
    expect(status).toBe(404);
  });

  it.each([
    ["{}", "format"],
    [JSON.stringify({ format: "xml" }), "format"],
    [JSON.stringify({ format: "csv", since: "now" }), "since"],
  ])("refuses %s and names %s", async (body, field) => {
    const { status, json } = await ask("POST /ws/exports", {}, { body });
    expect({ status, field: json().field }).toEqual({ status: 400, field });
  });
});
