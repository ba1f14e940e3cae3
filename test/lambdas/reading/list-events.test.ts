import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventId } from "../../../lambdas/core/base/ids.ts";
import type { Entry } from "../../../lambdas/core/entry/entry.ts";
import { claims } from "../../helpers/http-events.ts";
import { workspaceRow } from "../../helpers/in-memory-stores.ts";
import { as, createTenDays, type ReadingWorld, START } from "../../helpers/reading-world.ts";
import { postedEvent } from "../../helpers/recorded-workspace.ts";

let world: ReadingWorld;
beforeEach(async () => void (world = await createTenDays()));
afterEach(() => world.close());

describe("the list of events", () => {
  it("is newest first and ends at the retention window", async () => {
    const { status, json } = await world.ask("GET /ws/events", { limit: "100" });
    expect(status).toBe(200);
    expect(json().items).toHaveLength(16);
    expect(json().items[0].time).toBe("2026-11-10T00:00:00.000Z");
    expect(json().items.at(-1).time).toBe("2026-11-03T00:00:00.000Z");
    expect(json().nextCursor).toBeNull();
  });

  it("continues at its cursor without gaps or duplicates, even if events are recorded meanwhile", async () => {
    const first = (await world.ask("GET /ws/events", { limit: "5" })).json();
    await world.recorded.record("ws_1", [postedEvent({ description: "meanwhile" })]);
    const second = (await world.ask("GET /ws/events", { limit: "100", cursor: first.nextCursor })).json();
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
  ])("for %o contains %i events", async (query, count) => {
    const { json } = await world.ask("GET /ws/events", {
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
    [{ from: "2026-11-07T00:00:00Z", to: "2026-11-07T00:00:00Z" }, "to"],
    [{ from: "2026-11-07T00:00:00Z", to: "2026-11-07T00:30:00+01:00" }, "to"],
  ])("refuses %o and names the field %s", async (query, field) => {
    const { status, type, json } = await world.ask("GET /ws/events", query as never);
    expect({ status, type, field: json().field }).toEqual({
      status: 400,
      type: "application/problem+json",
      field,
    });
  });

  it("is no larger than Lambda allows, and the next page continues after that", async () => {
    await world.recorded.put(workspaceRow("ws_large"));
    const quotes = postedEvent({ description: '"'.repeat(31_000) });
    const recordedIds: string[] = [];
    for (let entry = 0; entry < 6; entry++) {
      const { entry: key } = await world.recorded.record(
        "ws_large",
        Array.from({ length: 13 }, () => quotes),
      );
      recordedIds.unshift(...Array.from({ length: 13 }, (_, place) => eventId(key, 12 - place)));
    }
    const request = as("ws_large");
    const ids: string[] = [];
    let cursor: string | null | undefined;
    do {
      const query = { limit: "100", ...(typeof cursor === "string" && { cursor }) };
      const { status, text, json } = await world.ask("GET /ws/events", query as never, request);
      expect(status).toBe(200);
      expect(JSON.stringify(text).length).toBeLessThan(6_200_000);
      ids.push(...json().items.map(({ id }: { id: string }) => id));
      cursor = json().nextCursor;
    } while (typeof cursor === "string");
    expect(ids).toEqual(recordedIds);
    const { status, json } = await world.ask("GET /ws/events/export", { format: "ndjson" }, request);
    expect({ status, type: json().type }).toMatchObject({
      status: 413,
      type: expect.stringContaining("export-too-large"),
    });
  });

  it.each([
    { from: "2026-11-05T00:00:00Z" },
    { to: "2026-11-09T00:00:00Z" },
    { category: "billing" },
    { action: "paid" },
    { actor: "usr_1" },
    { target: "inv_5" },
    { q: "paid" },
  ])("refuses the cursor of another query for %o", async (query) => {
    const { nextCursor } = (await world.ask("GET /ws/events", { limit: "2" })).json();
    const { json } = await world.ask("GET /ws/events", { limit: "2", cursor: nextCursor, ...query } as never);
    expect(json().field).toBe("cursor");
  });

  it("refuses a cursor of another workspace", async () => {
    const { nextCursor } = (await world.ask("GET /ws/events", { limit: "2" })).json();
    const { json } = await world.ask("GET /ws/events", { limit: "2", cursor: nextCursor }, as("ws_2"));
    expect(json().field).toBe("cursor");
  });

  it("shows when an event was recorded as well as the time that its emitter gave", async () => {
    world.now += 5_000;
    await world.recorded.record("ws_1", [postedEvent({ time: "2020-01-01T00:00:00Z" })]);
    const { json } = await world.ask("GET /ws/events", { from: "2026-11-10T00:00:01Z" });
    expect(json().items).toMatchObject([
      { time: "2020-01-01T00:00:00.000Z", recordedAt: "2026-11-10T00:00:05.000Z" },
    ]);
  });

  it.each(["1970-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "2026-11-01T00:00:00Z"])(
    "shows nothing expired, however early its requested start is (%s)",
    async (from) => {
      const ids = async (query: Record<string, string>) =>
        (await world.ask("GET /ws/events", { limit: "100", ...query })).json().items.map(({ id }: any) => id);
      expect(await ids({ from })).toEqual(await ids({}));
      const exported = async (query: Record<string, string>) =>
        (await world.ask("GET /ws/events/export", { format: "ndjson", ...query })).text;
      expect(await exported({ from })).toBe(await exported({}));
    },
  );

  it.each(["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z", "3000-01-01T00:00:00Z"])(
    "contains everything up to a requested end in the far future (%s)",
    async (to) => {
      expect((await world.ask("GET /ws/events", { limit: "100", to })).json().items).toHaveLength(16);
      const { text } = await world.ask("GET /ws/events/export", { format: "ndjson", to });
      expect(text.trimEnd().split("\n")).toHaveLength(16);
    },
  );

  it("contains what was recorded within the window, however late it was journalled", async () => {
    const began = world.now + 1_000;
    const late: Entry[] = [];
    for (let number = 0; number < 40; number++) {
      world.now = began + number;
      late.push(await world.recorded.store("ws_1", [postedEvent({ category: "late" })]));
    }
    world.now = began + 3_600_000;
    for (const entry of late) await world.recorded.journalise(entry);
    const to = new Date(began + 1_000).toISOString();
    const listed = await world.ask("GET /ws/events", { limit: "100", category: "late", to });
    expect(listed.json()).toMatchObject({ items: { length: 40 }, nextCursor: null });
    const { text } = await world.ask("GET /ws/events/export", { format: "ndjson", to });
    expect(text.match(/pro\.atmos\.late/g)).toHaveLength(40);
  });

  it.each([
    { page: 1e300, index: 0 },
    { page: 2 ** 53, index: 0 },
    { page: 1.5, index: 0 },
    { page: -1, index: 0 },
    { page: 1, index: 0.5 },
    { page: 1, index: -1 },
    { page: "1", index: 0 },
  ])("refuses a cursor forged with the position %o", async (at) => {
    const { nextCursor } = (await world.ask("GET /ws/events", { limit: "2" })).json();
    const parts = JSON.parse(Buffer.from(nextCursor, "base64url").toString());
    const cursor = Buffer.from(JSON.stringify({ ...parts, at })).toString("base64url");
    const { status, json } = await world.ask("GET /ws/events", { limit: "2", cursor });
    expect({ status, field: json().field }).toEqual({ status: 400, field: "cursor" });
  });

  it("requires the scope and the workspace in the token", async () => {
    expect((await world.ask("GET /ws/events", {}, { claims: claims("[ws_1]", "events:write") })).status).toBe(
      403,
    );
    expect((await world.ask("GET /ws/events", {}, { claims: claims("[ws_2]", "events:read") })).status).toBe(
      403,
    );
  });
});

it.each([
  ["GET /ws/events", {}],
  ["GET /ws/events/export", { query: { format: "csv" } }],
  ["GET /ws/events/{id}", { parameters: { id: "aud_0g40r40m30e209185gr38e1w8100" } }],
  ["GET /ws/exports", {}],
  ["POST /ws/exports", { body: JSON.stringify({ format: "csv" }) }],
  ["GET /ws/exports/{exp}", { parameters: { exp: "exp_01KB9TDT00AAAAAAAAAAAAAAAA" } }],
])(
  "%s is refused for a workspace that has ended",
  async (route, { query = {}, parameters = {}, body }: any) => {
    await world.recorded.put({ ...workspaceRow("ws_ended"), endedAt: new Date(START).toISOString() });
    const request = {
      claims: claims("[ws_ended]", "events:read"),
      parameters: { ws: "ws_ended", ...parameters },
    };
    const { status, json } = await world.ask(route, query, {
      ...request,
      ...(body !== undefined && { body }),
    });
    expect({ status, title: json().title }).toEqual({ status: 410, title: "The workspace has ended" });
  },
);
