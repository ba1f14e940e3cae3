import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DAY_MS } from "../../../lambdas/core/workspace/retention.ts";
import { claims } from "../../helpers/http-events.ts";
import { workspaceRow } from "../../helpers/in-memory-stores.ts";
import { as, createTenDays, type ReadingWorld, START } from "../../helpers/reading-world.ts";
import { postedEvent } from "../../helpers/recorded-workspace.ts";

const START_TEXT = new Date(START).toISOString();
let world: ReadingWorld;
beforeEach(async () => void (world = await createTenDays()));
afterEach(() => world.close());

describe("an export", () => {
  it("sent at once is oldest first and contains the recorded bytes", async () => {
    const { status, type, text } = await world.ask("GET /ws/events/export", {
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
      count: 16,
    });
    expect(events[0].time).toBe("2026-11-03T00:00:00.000Z");
  });

  it("in CSV begins with the names of its columns", async () => {
    const { text } = await world.ask("GET /ws/events/export", {
      format: "csv",
      from: "2026-11-09T12:00:00Z",
    });
    const [header, row] = text.split("\r\n");
    expect(header).toMatch(/^id,time,type,category.*,recorded_at$/);
    expect(row).toMatch(/,"2026-11-10T00:00:00.000Z"$/);
  });

  it("written by a job has parts that contain every event once, with links once the job is done", async () => {
    const asked = await world.ask(
      "POST /ws/exports",
      {},
      { body: JSON.stringify({ format: "ndjson", category: "billing" }) },
    );
    expect(asked.status).toBe(202);
    const { id, status, parts } = asked.json();
    expect({ status, parts }).toEqual({ status: "running", parts: [] });
    await world.recorded.record("ws_1", [postedEvent({ category: "billing", action: "refunded" })]);

    expect(await world.runJob(id)).toBe("finished");
    const done = (await world.ask("GET /ws/exports/{exp}", {}, { parameters: { exp: id } })).json();
    expect(done).toMatchObject({ status: "done", events: 8 });
    expect(done.parts.length).toBeGreaterThan(1);
    const lines = done.parts.flatMap(({ url }: { url: string }) =>
      (world.objects.get(url.replace("https://bucket.example/", "")) ?? "").trimEnd().split("\n"),
    );
    expect(new Set(lines.map((line: string) => JSON.parse(line).id)).size).toBe(8);
    expect(
      (await world.ask("GET /ws/exports")).json().items.map((item: { id: string }) => item.id),
    ).toContain(id);
  });

  it("written by a job contains nothing that has expired when it is written", async () => {
    const { json } = await world.ask("POST /ws/exports", {}, { body: JSON.stringify({ format: "ndjson" }) });
    world.now += 3 * DAY_MS;
    await world.runJob(json().id);
    const done = (await world.ask("GET /ws/exports/{exp}", {}, { parameters: { exp: json().id } })).json();
    expect(done).toMatchObject({ status: "done", events: 10 });
    expect([...world.objects.values()].join("")).not.toContain("2026-11-05T");
  });

  it("is refused while ten jobs of the workspace are running", async () => {
    const request = {
      body: JSON.stringify({ format: "csv" }),
      claims: claims("[ws_2]", "events:read"),
      parameters: { ws: "ws_2" },
    };
    const statuses: number[] = [];
    for (world.now += 1; statuses.length < 11; world.now += 1) {
      statuses.push((await world.ask("POST /ws/exports", {}, request)).status);
    }
    expect(statuses).toEqual([...Array<number>(10).fill(202), 409]);
    world.now += DAY_MS;
    const { status } = await world.ask("POST /ws/exports", {}, request);
    expect(status).toBe(202);
  });

  it("shows no parts while its job is running", async () => {
    const { json } = await world.ask("POST /ws/exports", {}, { body: JSON.stringify({ format: "ndjson" }) });
    const row = await world.job(json().id);
    const part = { key: "ws_1/part", events: 1, bytes: 1, oldest: START_TEXT, newest: START_TEXT };
    await world.put("Registry", [{ ...row, parts: [part] }]);
    const { parts, events } = (
      await world.ask("GET /ws/exports/{exp}", {}, { parameters: { exp: json().id } })
    ).json();
    expect({ parts, events }).toEqual({ parts: [], events: 1 });
  });

  it("sent at once is refused if escaping its quotes would exceed Lambda's limit", async () => {
    const quotes = postedEvent({ description: '"'.repeat(31_000) });
    await world.recorded.put(workspaceRow("ws_quotes"));
    for (let entry = 0; entry < 6; entry++) {
      await world.recorded.record(
        "ws_quotes",
        Array.from({ length: 10 }, () => quotes),
      );
    }
    const { status, json } = await world.ask("GET /ws/events/export", { format: "ndjson" }, as("ws_quotes"));
    expect({ status, field: json().field }).toEqual({ status: 413, field: "from" });
  });

  it("is refused while the workspace has 200 of them", async () => {
    const ended = (number: number) => {
      const id = `exp_${String(number).padStart(26, "0")}`;
      return {
        workspace: "ws_1",
        item: `export#${id}`,
        export: id,
        status: "done",
        format: "csv",
        filter: {},
        createdAt: "",
        next: { page: 1, index: 0 },
        end: { page: 1, index: 0 },
        parts: [],
        version: 1,
        expiresAt: Math.floor(world.now / 1000) + 60,
      };
    };
    await world.put(
      "Registry",
      Array.from({ length: 200 }, (_, number) => ended(number)),
    );
    const request = { body: JSON.stringify({ format: "csv" }) };
    const { status, json } = await world.ask("POST /ws/exports", {}, request);
    expect({ status, limit: json().limit }).toEqual({ status: 409, limit: "200 in 7 days" });
    world.now += 60_000;
    expect((await world.ask("POST /ws/exports", {}, request)).status).toBe(202);
  });

  it("of another workspace is not found", async () => {
    const { status } = await world.ask(
      "GET /ws/exports/{exp}",
      {},
      { parameters: { exp: "exp_01KB9TDT00AAAAAAAAAAAAAAAA" } },
    );
    expect(status).toBe(404);
  });

  it.each([
    ["{}", "format"],
    [JSON.stringify({ format: "xml" }), "format"],
    [JSON.stringify({ format: "csv", since: "world.now" }), "since"],
  ])("is refused for the body %s, naming the field %s", async (body, field) => {
    const { status, json } = await world.ask("POST /ws/exports", {}, { body });
    expect({ status, field: json().field }).toEqual({ status: 400, field });
  });
});
