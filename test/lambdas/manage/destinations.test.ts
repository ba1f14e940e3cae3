import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Management, startManagement } from "../../helpers/management.ts";

const WS = "/v1/workspaces/ws_1";
const DESTINATION = { name: "Acme SIEM", url: "https://siem.example.com/intake?key=hush" };

let manage: Management;

beforeEach(async () => {
  manage = await startManagement();
  await manage.ask("PUT", `${WS}/entitlement`, { body: { plan: "enterprise" }, workspaces: "*" });
});
afterEach(() => manage.close());

async function create(more: object = {}): Promise<{ id: string; secret: string }> {
  const { status, body } = await manage.ask("POST", `${WS}/destinations`, {
    body: { ...DESTINATION, ...more },
  });
  expect({ status, body }).toMatchObject({ status: 201 });
  return body;
}

describe("creating a destination", () => {
  it("returns the posted fields, the health, and the secret only this once", async () => {
    const { status, headers, body } = await manage.ask("POST", `${WS}/destinations`, {
      body: { ...DESTINATION, eventTypes: ["pro.atmos.billing.*"], headers: { "X-Tenant": "acme-token" } },
    });
    expect(status).toBe(201);
    expect(headers).toMatchObject({ etag: '"1"', location: `${WS}/destinations/${body.id}` });
    expect(body).toMatchObject({
      id: expect.stringMatching(/^dst_[0-9A-HJKMNP-TV-Z]{26}$/),
      name: "Acme SIEM",
      url: DESTINATION.url,
      format: "cloudevents-batch",
      eventTypes: ["pro.atmos.billing.*"],
      headers: { "X-Tenant": "[redacted]" },
      enabled: true,
      secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
      health: { status: "new", lastDelivery: null, behindEvents: 0, oldestUndeliveredAt: null },
    });
    const read = await manage.ask("GET", `${WS}/destinations/${body.id}`);
    expect(read.body).not.toHaveProperty("secret");
    expect(JSON.stringify(read.body)).not.toContain("acme-token");
    expect(read.headers["etag"]).toBe('"1"');
  });

  it("keeps secret and header values only in Secrets Manager", async () => {
    const { id, secret } = await create({ headers: { "X-Tenant": "acme-token" } });
    expect(await manage.secretNames()).toEqual([`trailcast/Trailcast/ws_1/${id}`]);
    expect(await manage.secretOf("ws_1", id)).toEqual({
      current: secret,
      former: [],
      headers: { "X-Tenant": "acme-token" },
      auth: { type: "none" },
    });
    const rows = JSON.stringify([
      await manage.dependencies.registry.readDestination("ws_1", id),
      await manage.dependencies.registry.listLanes("ws_1"),
      await manage.recorded("ws_1"),
    ]);
    expect(rows).not.toContain(secret);
    expect(rows).not.toContain("acme-token");
  });

  it("starts its lane after the newest page and sends it a wake-up", async () => {
    await manage.putPage(page(1));
    await manage.putPage(page(2));
    const { id } = await create();
    expect(await manage.dependencies.registry.readLane("ws_1", id, "live")).toMatchObject({
      cursor: { page: 3, index: 0 },
      status: { kind: "live" },
      version: 1,
      number: 1,
    });
    expect(manage.wakeUps.woken).toEqual([{ workspace: "ws_1", destination: id, lane: "live" }]);
  });

  it("misses no event that is journalled while it is created (trace 18)", async () => {
    let done = false;
    manage.steps.before = (step) => {
      if (step !== "commit" || done || !manage.steps.seen.includes("createSecret")) return;
      done = true;
      void manage.putPage(page(1));
    };
    const { id } = await create();
    const lane = await manage.dependencies.registry.readLane("ws_1", id, "live");
    expect(lane?.cursor).toEqual({ page: 1, index: 0 });
    expect(manage.wakeUps.woken).toHaveLength(1);
  });

  it("can create it disabled", async () => {
    const { id } = await create({ enabled: false });
    const { body } = await manage.ask("GET", `${WS}/destinations/${id}`);
    expect(body).toMatchObject({ enabled: false, health: { status: "disabled" } });
  });

  it("records an audit event with the token's subject and without the URL's query", async () => {
    const { id } = await create();
    const events = await manage.recorded("ws_1");
    expect(events.map(({ type }) => type)).toContain("pro.atmos.webhook.created");
    const created = events.find(({ type }) => type === "pro.atmos.webhook.created");
    expect(created?.data).toMatchObject({
      actor: { type: "user", id: "usr_1" },
      target: { type: "destination", id, name: "Acme SIEM" },
    });
    expect(JSON.stringify(events)).not.toContain("hush");
  });

  it("records an unknown actor when the token names no subject", async () => {
    const made = await manage.ask("POST", `${WS}/destinations`, { body: DESTINATION, subject: "" });
    expect(made.status).toBe(201);
    const created = (await manage.recorded("ws_1")).find(({ type }) => type === "pro.atmos.webhook.created");
    expect(created?.data.actor).toEqual({ type: "user", id: "unknown" });
  });

  it("is refused beyond the plan's number of destinations, also for concurrent requests", async () => {
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => manage.ask("POST", `${WS}/destinations`, { body: DESTINATION })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 201, 201, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({
      type: "/problems/too-many-destinations",
      limit: "3 destinations",
    });
    expect(await manage.secretNames()).toHaveLength(3);
  });

  it("refuses a plan without forwarding, and names one that has it and where to buy it", async () => {
    await manage.ask("PUT", `${WS}/entitlement`, { body: { plan: "free" }, workspaces: "*" });
    const { status, body } = await manage.ask("POST", `${WS}/destinations`, { body: DESTINATION });
    expect(status).toBe(403);
    expect(body).toMatchObject({
      type: "/problems/forwarding-not-in-plan",
      plan: "enterprise",
      currentPlan: "free",
      upgradeUrl: "https://app.example.com/upgrade",
    });
  });
});

describe("a refused destination", () => {
  const long = "x".repeat(101);
  it.each([
    ["no JSON", "{", "not-json", "body"],
    ["no object", "[]", "invalid-request", "body"],
    ["no name", { url: DESTINATION.url }, "invalid-request", "name"],
    ["too long a name", { ...DESTINATION, name: long }, "invalid-request", "name"],
    ["a blank name", { ...DESTINATION, name: "  " }, "invalid-request", "name"],
    ["a name with a line break", { ...DESTINATION, name: "a\nb" }, "invalid-request", "name"],
    ["no URL", { name: "a" }, "invalid-request", "url"],
    ["a URL that is a number", { name: "a", url: 1 }, "invalid-request", "url"],
    [
      "too long a URL",
      { name: "a", url: `https://a.example.com/${"x".repeat(2048)}` },
      "invalid-request",
      "url",
    ],
    ["http", { name: "a", url: "http://siem.example.com" }, "destination-not-allowed", "url"],
    ["an inner address", { name: "a", url: "https://10.0.0.1/" }, "destination-not-allowed", "url"],
    ["another format", { ...DESTINATION, format: "xml" }, "invalid-request", "format"],
    ["a filter that is text", { ...DESTINATION, eventTypes: "pro.atmos.*" }, "invalid-request", "eventTypes"],
    [
      "a bad type",
      { ...DESTINATION, eventTypes: ["pro.atmos.*", "Bad"] },
      "invalid-request",
      "eventTypes[1]",
    ],
    ["a foreign type", { ...DESTINATION, eventTypes: ["com.acme.*"] }, "invalid-request", "eventTypes[0]"],
    [
      "too many types",
      { ...DESTINATION, eventTypes: Array(51).fill("pro.atmos.*") },
      "invalid-request",
      "eventTypes",
    ],
    [
      "a reserved header",
      { ...DESTINATION, headers: { Authorization: "x" } },
      "header-not-allowed",
      "headers.Authorization",
    ],
    [
      "a header that is a number",
      { ...DESTINATION, headers: { "X-A": 1 } },
      "invalid-request",
      "headers.X-A",
    ],
    [
      "a header with a line break",
      { ...DESTINATION, headers: { "X-A": "a\r\nb" } },
      "header-not-allowed",
      "headers.X-A",
    ],
    [
      "a header that no object can carry",
      `{"name":"a","url":"https://siem.example.com","headers":{"__proto__":"x"}}`,
      "invalid-request",
      "headers.__proto__",
    ],
    ["an unknown property", { ...DESTINATION, colour: "red" }, "invalid-request", "colour"],
    ["enabled as text", { ...DESTINATION, enabled: "yes" }, "invalid-request", "enabled"],
  ])("with %s is answered 400 and leaves nothing", async (_name, sent, kind, field) => {
    const ask = typeof sent === "string" ? { text: sent } : { body: sent };
    const { status, headers, body } = await manage.ask("POST", `${WS}/destinations`, ask);
    expect(status).toBe(400);
    expect(headers["content-type"]).toBe("application/problem+json");
    expect(body).toMatchObject({ type: `/problems/${kind}`, status: 400, field });
    expect(body.detail).not.toBe("");
    expect(await manage.secretNames()).toEqual([]);
    expect(await manage.dependencies.registry.listDestinations("ws_1", undefined, 10)).toEqual([]);
  });

  it("names the header's limit, never its value", async () => {
    const headers = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`X-${index}`, "hush"]));
    const { status, body } = await manage.ask("POST", `${WS}/destinations`, {
      body: { ...DESTINATION, headers },
    });
    expect(status).toBe(400);
    expect(body).toMatchObject({ field: "headers", limit: "20 headers", rule: "headers-too-many" });
    expect(JSON.stringify(body)).not.toContain("hush");
  });

  it("of more than 64 KiB is answered 413", async () => {
    const { status, body } = await manage.ask("POST", `${WS}/destinations`, { text: " ".repeat(70_000) });
    expect(status).toBe(413);
    expect(body).toMatchObject({ limit: "65536 bytes" });
  });
});

describe("the list", () => {
  it("is returned in pages, oldest first, and a changed cursor is refused", async () => {
    const ids = [];
    for (const name of ["a", "b", "c"]) {
      manage.clock.now += 1000;
      ids.push((await create({ name })).id);
    }
    const first = await manage.ask("GET", `${WS}/destinations`, { query: { limit: "2" } });
    expect(first.body.items.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2));
    const cursor = first.body.nextCursor;
    const second = await manage.ask("GET", `${WS}/destinations`, { query: { limit: "2", cursor } });
    expect(second.body.items.map(({ id }: { id: string }) => id)).toEqual(ids.slice(2));
    expect(second.body.nextCursor).toBeNull();
    for (const bad of [`${cursor.slice(0, -4)}AAAA`, "x", ""]) {
      const answer = await manage.ask("GET", `${WS}/destinations`, { query: { cursor: bad } });
      expect(answer.status).toBe(400);
      expect(answer.body.field).toBe("cursor");
    }
  });

  it.each(["0", "101", "x", "1.5"])("refuses limit=%s", async (limit) => {
    const { status, body } = await manage.ask("GET", `${WS}/destinations`, { query: { limit } });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      field: "limit",
      detail: "limit must be a whole number of items from 1 to 100.",
    });
  });

  it("refuses an unknown parameter", async () => {
    const { status, body } = await manage.ask("GET", `${WS}/destinations`, { query: { sort: "name" } });
    expect(status).toBe(400);
    expect(body.field).toBe("sort");
  });
});

describe("health", () => {
  it("counts the events that wait for the lane", async () => {
    await manage.putPage(page(1));
    const { id } = await create();
    await manage.putPage(page(2));
    await manage.putPage(page(3));
    const { body } = await manage.ask("GET", `${WS}/destinations/${id}`);
    expect(body.health).toMatchObject({
      status: "new",
      behindEvents: 4,
      oldestUndeliveredAt: "2026-11-23T05:00:02.000Z",
      consecutiveFailures: 0,
      failingSince: null,
    });
  });
});

/** Page `number` of ws_1 with two events, recorded `number` seconds after five o'clock. */
function page(number: number): Parameters<Management["putPage"]>[0] {
  const at = `2026-11-23T05:00:0${number}.000Z`;
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
  };
}
