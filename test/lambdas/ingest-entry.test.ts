import { createHash, randomBytes } from "node:crypto";
import { CloudEvent } from "cloudevents";
import { beforeEach, describe, expect, it } from "vitest";
import { linesOf } from "../../lambdas/core/entry/entry-body.ts";
import { LIMITS } from "../../lambdas/core/base/limits.ts";
import { METRIC } from "../../lambdas/core/base/metric-names.ts";
import type { HttpAnswer } from "../../lambdas/adapters/http-api.ts";
import type { HttpHandler } from "../../lambdas/pipeline/http-handler.ts";
import { createIngestHandler } from "../../lambdas/ingest-entry.ts";
import {
  createInMemoryEntries,
  createInMemoryWorkspaces,
  createRecordedLog,
  createRecordedMetrics,
  type InMemoryEntries,
  type RecordedLog,
  type RecordedMetrics,
  workspaceRow,
} from "../helpers/in-memory-stores.ts";
import { claims, httpEvent, lambdaContext } from "../helpers/http-events.ts";
import { PLANS, postedEvent } from "../helpers/sample-events.ts";

const ROUTE = "POST /v1/workspaces/{ws}/events";
const NOW = Date.parse("2026-11-23T05:00:00.000Z");

let entries: InMemoryEntries;
let log: RecordedLog;
let metrics: RecordedMetrics;
let ingest: HttpHandler;
let chance = 0;

beforeEach(() => {
  entries = createInMemoryEntries();
  log = createRecordedLog();
  metrics = createRecordedMetrics();
  ingest = createIngestHandler({
    entries,
    workspaces: createInMemoryWorkspaces(
      workspaceRow("ws_1"),
      workspaceRow("ws_held", { hold: "held", plan: "gone" }),
      workspaceRow("ws_ended", { endedAt: "2026-11-01T00:00:00.000Z" }),
    ),
    clock: () => NOW,
    random: (bytes) => new Uint8Array(bytes).fill(++chance),
    settings: {
      eventTypePrefix: "pro.atmos",
      sourceBaseUrl: "https://app.example.com",
      plans: PLANS,
      shards: {},
    },
    scopePrefix: "",
    log,
    metrics,
  });
});

interface Answer {
  entry: string;
  duplicate: boolean;
  events: { id: string }[];
  [member: string]: unknown;
}

interface Post {
  workspace?: string;
  headers?: Record<string, string>;
  claims?: Record<string, unknown>;
  isBase64Encoded?: boolean;
}

async function post(body: unknown, options: Post = {}): Promise<HttpAnswer & { json: Answer }> {
  const answer = await ingest(
    httpEvent(ROUTE, {
      parameters: { ws: options.workspace ?? "ws_1" },
      headers: options.headers ?? {},
      claims: options.claims ?? claims("[ws_1 ws_ended ws_held ws_none]", "events:write"),
      body: typeof body === "string" ? body : JSON.stringify(body),
      isBase64Encoded: options.isBase64Encoded ?? false,
    }),
    lambdaContext,
  );
  return { ...answer, json: JSON.parse(answer.body ?? "") };
}

const withKey = (key: string): Post => ({ headers: { "Idempotency-Key": key } });
const onlyEntry = () => [...entries.entries.values()][0]!;

describe("a valid request", () => {
  it("is recorded as one entry of CloudEvents as docs/receivers.md shows them, and their ids are returned", async () => {
    const answer = await post({
      events: [postedEvent({ time: "2026-11-23T06:00:00+01:00" }), postedEvent()],
    });
    expect(answer.statusCode).toBe(202);
    const [first, second] = answer.json.events.map(({ id }) => id);
    const lines = linesOf(onlyEntry());
    expect(JSON.parse(lines[0]!)).toStrictEqual({
      specversion: "1.0",
      id: first,
      source: "https://app.example.com/workspaces/ws_1",
      type: "pro.atmos.team_member.invited",
      time: "2026-11-23T05:00:00.000Z",
      subject: "usr_9",
      datacontenttype: "application/json",
      data: {
        actor: { type: "user", id: "usr_1" },
        action: { category: "team_member", action: "invited" },
        target: { type: "user", id: "usr_9" },
        description: null,
        metadata: {},
      },
    });
    expect(lines.map((line) => new CloudEvent(JSON.parse(line)).validate())).toStrictEqual([true, true]);
    expect([first, second]).toStrictEqual([
      expect.stringMatching(/^aud_[0-9a-hjkmnp-tv-z]{26}00$/),
      expect.stringMatching(/^aud_[0-9a-hjkmnp-tv-z]{26}01$/),
    ]);
    expect(answer.json["entry"]).toBe(`ent_${first?.slice(4, 30)}`);
    expect(metrics.counts.get(METRIC.eventsRecorded)).toBe(2);
  });

  it("stores the facts that retention, the journal and verification need", async () => {
    await post({ events: [postedEvent({ description: "long ".repeat(400) })] });
    const entry = onlyEntry();
    const plain = linesOf(entry).join("\n");
    expect(entry).toMatchObject({ encoding: "zstd", count: 1, bytes: Buffer.byteLength(plain), shard: 0 });
    expect(entry.hash).toBe(createHash("sha256").update(plain).digest("hex"));
    expect(entry.expiresAt).toBe(NOW / 1000 + 365 * 86_400);
  });

  it("is stored without expiry if the plan is unknown", async () => {
    expect((await post({ events: [postedEvent()] }, { workspace: "ws_held" })).statusCode).toBe(202);
    expect(onlyEntry().expiresAt).toBe(253_402_300_799);
  });

  it("keeps every posted property, including a key named __proto__", async () => {
    const posted = `{"events":[{"category":"a","action":"b","actor":{"type":"user","id":"u","name":"Zoë","email":"z@x.org"},
      "metadata":{"__proto__":{"x":1},"n":1.5,"list":[null,true]},"description":"d","context":{"ip":"::1","userAgent":"curl","requestId":"r"}}]}`;
    expect((await post(posted)).statusCode).toBe(202);
    const [line = ""] = linesOf(onlyEntry());
    expect(line).toContain('"metadata":{"__proto__":{"x":1},"n":1.5,"list":[null,true]}');
    expect(JSON.parse(line)).toMatchObject({
      data: {
        actor: { name: "Zoë", email: "z@x.org" },
        target: null,
        context: { ip: "::1", userAgent: "curl", requestId: "r" },
      },
    });
    expect(JSON.parse(line)).not.toHaveProperty("subject");
  });

  it("may be encoded in base64", async () => {
    const body = Buffer.from(JSON.stringify({ events: [postedEvent()] })).toString("base64");
    expect((await post(body, { isBase64Encoded: true })).statusCode).toBe(202);
  });

  it("may have 100 events, and an event of exactly 64 KiB as posted", async () => {
    expect((await post({ events: Array.from({ length: 100 }, () => postedEvent()) })).statusCode).toBe(202);
    const bare = Buffer.byteLength(JSON.stringify(postedEvent({ description: "" })));
    const full = postedEvent({ description: "x".repeat(LIMITS.eventBytes - bare) });
    expect((await post({ events: [full] })).statusCode).toBe(202);
    const over = postedEvent({ description: "x".repeat(LIMITS.eventBytes - bare + 1) });
    expect((await post({ events: [over] })).statusCode).toBe(413);
  });

  it("keeps the trace id of traceparent, or else that of the gateway", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await post({ events: [postedEvent()] }, { headers: { traceparent, "x-amzn-trace-id": "Root=1-2-3" } });
    expect(onlyEntry().trace).toBe("0af7651916cd43dd8448eb211c80319c");
  });
});

describe("an Idempotency-Key", () => {
  it("makes a repeat return the same ids and record nothing more", async () => {
    const first = await post({ events: [postedEvent(), postedEvent()] }, withKey("k1"));
    const again = await post({ events: [postedEvent(), postedEvent()] }, withKey("k1"));
    expect(first.json["duplicate"]).toBe(false);
    expect(again.json).toStrictEqual({ ...first.json, duplicate: true });
    expect(entries.entries.size).toBe(1);
    expect(metrics.counts.get(METRIC.eventsRecorded)).toBe(2);
  });

  it("is refused with another body", async () => {
    await post({ events: [postedEvent()] }, withKey("k1"));
    const other = await post({ events: [postedEvent({ action: "removed" })] }, withKey("k1"));
    expect(other.json).toMatchObject({
      type: "/problems/idempotency-key-reused",
      status: 409,
      field: "Idempotency-Key",
    });
    expect(entries.entries.size).toBe(1);
  });

  it("is independent of the same key in another workspace", async () => {
    const [a, b] = [
      await post({ events: [postedEvent()] }, withKey("k1")),
      await post({ events: [postedEvent()] }, { ...withKey("k1"), workspace: "ws_held" }),
    ];
    expect(a.json["entry"]).not.toBe(b.json["entry"]);
  });

  it.each(["", "x".repeat(256), "kéy", "a\tb"])("is refused if it is %j", async (key) => {
    expect((await post({ events: [postedEvent()] }, withKey(key))).json).toMatchObject({
      status: 400,
      type: "/problems/invalid-idempotency-key",
      limit: "1 to 255 characters",
    });
  });
});

const event = postedEvent();
const incompressible = (bytes: number): string => randomBytes(Math.ceil(bytes * 0.75)).toString("base64");
const refused: [string, unknown, number, string, string | undefined, (string | RegExp)?][] = [
  ["not JSON", "{", 400, "not-json", "body"],
  ["an empty body", "", 400, "not-json", "body"],
  ["a list", [], 400, "invalid-request", "body", "object"],
  ["no events", { events: [] }, 400, "event-count", "events", "1 to 100 events"],
  ["a body without events", {}, 400, "event-count", "events", "1 to 100 events"],
  ["101 events", { events: Array(101).fill(event) }, 400, "event-count", "events", "1 to 100 events"],
  [
    "an event over 64 KiB",
    { events: [event, { ...event, metadata: { text: "x".repeat(65_536) } }] },
    413,
    "event-too-large",
    "events[1]",
    /^65536 bytes$/,
  ],
  ["a body over 1 MiB", " ".repeat(1_048_577), 413, "body-too-large", "body", "1048576 bytes"],
  [
    "an entry that would be stored in over 380 kB",
    { events: Array.from({ length: 10 }, () => ({ ...event, description: incompressible(60_000) })) },
    413,
    "entry-too-large",
    "events",
    "380000 bytes as stored",
  ],
  [
    "a bad category",
    { events: [{ ...event, category: "Team" }] },
    400,
    "invalid-event",
    "events[0].category",
    /a-z/,
  ],
  [
    "a bad action",
    { events: [event, { ...event, action: "" }] },
    400,
    "invalid-event",
    "events[1].action",
    /a-z/,
  ],
  [
    "a malformed time",
    { events: [{ ...event, time: "yesterday" }] },
    400,
    "invalid-event",
    "events[0].time",
    /RFC 3339/,
  ],
  [
    "a day that does not exist",
    { events: [{ ...event, time: "2026-02-30T00:00:00Z" }] },
    400,
    "invalid-event",
    "events[0].time",
  ],
  ...["9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00+01:00"].map((time): (typeof refused)[number] => [
    `a time whose year in UTC does not have four digits (${time})`,
    { events: [{ ...event, time }] },
    400,
    "invalid-event",
    "events[0].time",
  ]),
  [
    "a time without an offset",
    { events: [{ ...event, time: "2026-02-03T00:00:00" }] },
    400,
    "invalid-event",
    "events[0].time",
  ],
  [
    "a missing actor",
    { events: [{ category: "a", action: "b" }] },
    400,
    "invalid-event",
    "events[0].actor",
    "object",
  ],
  [
    "an actor without id",
    { events: [{ ...event, actor: { type: "user" } }] },
    400,
    "invalid-event",
    "events[0].actor.id",
    "string",
  ],
  [
    "an empty id",
    { events: [{ ...event, actor: { type: "user", id: "" } }] },
    400,
    "invalid-event",
    "events[0].actor.id",
    "1 characters",
  ],
  [
    "a control character",
    { events: [{ ...event, target: { type: "t", id: "a\u0000b" } }] },
    400,
    "invalid-event",
    "events[0].target.id",
  ],
  [
    "an unknown property",
    { events: [{ ...event, colour: "red" }] },
    400,
    "invalid-event",
    "events[0].colour",
  ],
  [
    "an unknown property of the actor",
    { events: [{ ...event, actor: { type: "u", id: "1", age: 3 } }] },
    400,
    "invalid-event",
    "events[0].actor.age",
  ],
  [
    "an unknown property named __proto__",
    `{"events":[{"category":"a","action":"b","actor":{"type":"u","id":"1"},"__proto__":{}}]}`,
    400,
    "invalid-event",
    "events[0].__proto__",
  ],
  ["an unknown property of the body", { events: [event], extra: 1 }, 400, "invalid-request", "extra"],
  [
    "metadata that is not an object",
    { events: [{ ...event, metadata: [] }] },
    400,
    "invalid-event",
    "events[0].metadata",
  ],
  [
    "metadata nested too deep",
    `{"events":[{"category":"a","action":"b","actor":{"type":"u","id":"1"},"metadata":{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}}]}`,
    400,
    "invalid-event",
    "events[0].metadata",
  ],
  [
    "a number that JSON would change",
    `{"events":[{"category":"a","action":"b","actor":{"type":"u","id":"1"},"metadata":{"a":12345678901234567890}}]}`,
    400,
    "invalid-event",
    "events[0].metadata",
  ],
  [
    "a number too large for a float",
    `{"events":[{"category":"a","action":"b","actor":{"type":"u","id":"1"},"metadata":{"a":[1e999]}}]}`,
    400,
    "invalid-event",
    "events[0].metadata",
  ],
];

describe("invalid input", () => {
  it.each(refused)(
    "(%s) is refused with the field and the limit",
    async (_name, body, status, kind, field, limit) => {
      const answer = await post(body);
      expect(answer.statusCode).toBe(status);
      expect(answer.headers?.["content-type"]).toBe("application/problem+json");
      expect(answer.json).toMatchObject({
        type: `/problems/${kind}`,
        status,
        detail: expect.stringMatching(/\S/),
        ...(field !== undefined && { field }),
      });
      expect(answer.json["limit"] ?? "").toMatch(limit ?? "");
      expect(entries.entries.size).toBe(0);
    },
  );

  it("is refused if it is not UTF-8", async () => {
    const body = Buffer.from([0x7b, 0xff, 0x7d]).toString("base64");
    expect((await post(body, { isBase64Encoded: true })).json).toMatchObject({ status: 400, field: "body" });
  });
});

describe("a token", () => {
  const forbidden = "/problems/forbidden-workspace";
  it.each([
    ["without the scope", claims("[ws_1]", "events:read"), "ws_1", 403, "/problems/missing-scope"],
    ["of another workspace", claims("[ws_2]", "events:write"), "ws_1", 403, forbidden],
    [
      "of another workspace, for a workspace that does not exist",
      claims("[ws_2]", "events:write"),
      "ws_none",
      403,
      forbidden,
    ],
    ["without claims", {}, "ws_1", 403, "/problems/missing-scope"],
    [
      "for a workspace that was never registered",
      claims("[ws_none]", "events:write"),
      "ws_none",
      404,
      "/problems/unknown-workspace",
    ],
    [
      "of an operator, for a malformed workspace id",
      claims("*", "events:write"),
      "ws_1/2",
      404,
      "/problems/unknown-workspace",
    ],
    [
      "for a workspace that has ended",
      claims("ws_ended", "events:write"),
      "ws_ended",
      410,
      "/problems/workspace-ended",
    ],
  ])("%s is refused", async (_name, given, workspace, status, type) => {
    expect((await post({ events: [event] }, { workspace, claims: given })).json).toMatchObject({
      status,
      type,
    });
    expect(entries.entries.size).toBe(0);
  });

  it.each(["*", '["ws_1","ws_2"]', "[ws_2 ws_1]", "ws_1", ["ws_1"]])(
    "with the claim %j is accepted",
    async (given) => {
      const answer = await post(
        { events: [event] },
        { claims: { workspaces: given, scope: "a events:write" } },
      );
      expect(answer.statusCode).toBe(202);
    },
  );
});

describe("a request that meets a fault of Trailcast", () => {
  it("is answered with 500 and without the cause, and the failure is logged", async () => {
    entries.putEntry = async () => {
      throw new TypeError("secret payload");
    };
    const answer = await post({ events: [event] });
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain("secret");
    expect(log.lines.at(-1)).toMatchObject({ level: "error", message: "request.failed" });
  });

  it("the log of a valid request contains neither its payload nor its Idempotency-Key", async () => {
    await post({ events: [postedEvent({ description: "very private" })] }, withKey("my-key"));
    expect(JSON.stringify(log.lines)).not.toMatch(/very private|my-key|usr_1/);
  });
});
