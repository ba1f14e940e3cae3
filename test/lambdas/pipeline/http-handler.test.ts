import { describe, expect, it, vi } from "vitest";
import { type HttpRequest, jsonAnswer, type Route } from "../../../lambdas/adapters/http-api.ts";
import { problems, RefusedError } from "../../../lambdas/core/base/problem.ts";
import { createHttpHandler } from "../../../lambdas/pipeline/http-handler.ts";
import { createRecordedLog, createRecordedMetrics } from "../../helpers/in-memory-stores.ts";
import { claims, httpEvent, lambdaContext } from "../../helpers/http-events.ts";

const ROUTE = "GET /v1/workspaces/{ws}/events/{id}";

async function requestOf(parts: Parameters<typeof httpEvent>[1]): Promise<HttpRequest> {
  let seen: HttpRequest | undefined;
  const handler = createHttpHandler(
    async (request) => {
      seen = request;
      return jsonAnswer(200, {});
    },
    { log: createRecordedLog() },
  );
  await handler(httpEvent(ROUTE, parts), lambdaContext);
  if (seen === undefined) throw new Error("the route was not called");
  return seen;
}

describe("a request", () => {
  it("has its route, parameters, query and claims, and header names in lower case", async () => {
    const request = await requestOf({
      parameters: { ws: "ws_1", id: "aud_1" },
      query: { limit: "5" },
      headers: { "If-Match": '"3"' },
      claims: claims("*", "events:read"),
    });
    expect(request).toMatchObject({
      routeKey: ROUTE,
      method: "GET",
      path: "/v1/workspaces/ws_1/events/aud_1",
      parameters: { ws: "ws_1", id: "aud_1" },
      query: { limit: "5" },
      claims: { workspaces: "*" },
      body: undefined,
      trace: undefined,
    });
    expect(request.headers["if-match"]).toBe('"3"');
  });

  it("is decoded to bytes if the gateway sent base64", async () => {
    const { body } = await requestOf({ body: "w7w=", isBase64Encoded: true });
    expect(body).toStrictEqual(Buffer.from("ü"));
  });

  it.each([
    [
      { "x-amzn-trace-id": "Root=1-67891233-abcdef012345678912345678" },
      "1-67891233-abcdef012345678912345678",
    ],
    [{ "x-amzn-trace-id": "Self=1-1-1;Root=1-2-3;Sampled=1" }, "1-2-3"],
    [{ traceparent: "junk", "x-amzn-trace-id": "Root=1-2-3" }, "1-2-3"],
    [{ traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-00` }, "a".repeat(32)],
    [{ "x-amzn-trace-id": "Root=<script>" }, undefined],
  ])("with the headers %j has the trace id %s", async (headers, trace) => {
    expect((await requestOf({ headers })).trace).toBe(trace);
  });
});

async function ask(route: Parameters<typeof createHttpHandler>[0]) {
  const log = createRecordedLog();
  const answer = await createHttpHandler(route, { log })(httpEvent(ROUTE), lambdaContext);
  return { ...answer, log };
}

describe("a response", () => {
  it("with a problem, returned or thrown, is application/problem+json", async () => {
    const returned = await ask(async () => problems.missingScope("events:read"));
    const thrown = await ask(async () => {
      throw new RefusedError(problems.missingScope("events:read"));
    });
    expect(returned).toMatchObject({
      statusCode: 403,
      headers: { "content-type": "application/problem+json" },
    });
    expect(JSON.parse(returned.body ?? "")).toStrictEqual({
      type: "/problems/missing-scope",
      title: "The token does not have the scope",
      status: 403,
      detail: "Ask for a token with the scope events:read.",
      scope: "events:read",
    });
    expect(thrown.body).toBe(returned.body);
    expect(returned.log.lines).toMatchObject([
      {
        level: "info",
        message: "request.refused",
        fields: { route: ROUTE, statusCode: 403, outcome: "missing-scope" },
      },
    ]);
    expect(thrown.log.lines).toStrictEqual(returned.log.lines);
  });

  it("to a refused or failed request is logged with its route, workspace and trace, and nothing else of the request", async () => {
    const parts = {
      parameters: { ws: "ws_1", id: "hunter2" },
      query: { token: "hunter2" },
      headers: { authorization: "Bearer hunter2", traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-00` },
      body: "hunter2",
    };
    const named = { route: ROUTE, workspace: "ws_1", trace: "a".repeat(32) };
    const lineOf = async (route: Route, changes: object = {}) => {
      const log = createRecordedLog();
      await createHttpHandler(route, { log })(httpEvent(ROUTE, { ...parts, ...changes }), lambdaContext);
      return log.lines.map(({ message, fields }) => ({ message, fields }));
    };
    const refusing: Route = async () => problems.missingScope("x");
    const failing: Route = async () => Promise.reject(new Error("x"));
    const refused = { statusCode: 403, outcome: "missing-scope" };
    expect(await lineOf(refusing)).toStrictEqual([
      { message: "request.refused", fields: { ...named, ...refused } },
    ]);
    expect(await lineOf(failing)).toStrictEqual([{ message: "request.failed", fields: named }]);
    const unknown = { parameters: { ws: "ws_1<script>" }, headers: {} };
    expect(await lineOf(failing, unknown)).toStrictEqual([
      { message: "request.failed", fields: { route: ROUTE } },
    ]);
  });

  it("is not cached and its content type not guessed, unless its route says otherwise", async () => {
    const kept = { "cache-control": "no-store", "x-content-type-options": "nosniff" };
    for (const route of [
      async () => jsonAnswer(200, {}),
      async () => problems.missingScope("x"),
      async () => Promise.reject(new Error("x")),
    ]) {
      expect((await ask(route)).headers).toMatchObject(kept);
    }
    const open = await ask(async () => jsonAnswer(200, {}, { "cache-control": "public" }));
    expect(open.headers).toMatchObject({ "cache-control": "public" });
  });

  it("after a fault of Trailcast does not reveal the cause, which is logged", async () => {
    const fault = new TypeError("hunter2");
    const answer = await ask(async () => {
      throw fault;
    });
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain("hunter2");
    expect(answer.log.lines).toMatchObject([{ level: "error", message: "request.failed", error: fault }]);
  });

  it.each([
    [
      "POST /v1/workspaces/{ws}/events",
      { "Idempotency-Key": "k" },
      "Repeat it with the same Idempotency-Key",
    ],
    ["GET /v1/workspaces/{ws}/events", {}, "Nothing was changed"],
    ["POST /v1/workspaces/{ws}/destinations", {}, "It may have been carried out"],
    ["DELETE /v1/workspaces/{ws}/destinations/{dst}", {}, "It may have been carried out"],
  ])(
    "after a fault of Trailcast in %s with the headers %j says what to do",
    async (route, headers, advice) => {
      const failing = createHttpHandler(async () => Promise.reject(new Error("x")), {
        log: createRecordedLog(),
      });
      const { body = "" } = await failing(httpEvent(route, { headers }), lambdaContext);
      expect(JSON.parse(body).detail).toContain(advice);
    },
  );

  it("to an event that does not come from an HTTP API is a 500", async () => {
    const handler = createHttpHandler(async () => jsonAnswer(200, {}), { log: createRecordedLog() });
    expect((await handler({ Records: [] }, lambdaContext)).statusCode).toBe(500);
  });

  it("is followed by the metrics of the invocation, whatever its status", async () => {
    for (const route of [
      async () => jsonAnswer(200, {}),
      async () => problems.missingScope("x"),
      async () => Promise.reject(new Error("x")),
    ]) {
      const publish = vi.fn<() => void>();
      const metrics = { ...createRecordedMetrics(), publish };
      await createHttpHandler(route, { log: createRecordedLog(), metrics })(httpEvent(ROUTE), lambdaContext);
      expect(publish).toHaveBeenCalledTimes(1);
    }
  });
});

describe("a line that a route logs", () => {
  it("has the request's workspace and trace beside its own fields", async () => {
    const log = createRecordedLog();
    const route: Route = async (request) => {
      request.log.info("done", { count: 1 });
      request.log.warn("odd");
      request.log.error("failed", { workspace: "ws_2" }, new Error("x"));
      return jsonAnswer(200, {});
    };
    const event = httpEvent(ROUTE, {
      parameters: { ws: "ws_1", id: "aud_1" },
      headers: { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-00` },
    });
    await createHttpHandler(route, { log })(event, lambdaContext);
    const context = { workspace: "ws_1", trace: "a".repeat(32) };
    expect(log.lines).toStrictEqual([
      { level: "info", message: "done", fields: { ...context, count: 1 } },
      { level: "warn", message: "odd", fields: context },
      { level: "error", message: "failed", fields: { ...context, workspace: "ws_2" }, error: new Error("x") },
    ]);
  });

  it("has nothing from the request before it", async () => {
    const log = createRecordedLog();
    const handler = createHttpHandler(
      async (request) => {
        request.log.info("done");
        return jsonAnswer(200, {});
      },
      { log },
    );
    await handler(httpEvent(ROUTE, { parameters: { ws: "ws_1" } }), lambdaContext);
    await handler(httpEvent(ROUTE), lambdaContext);
    expect(log.lines.map(({ fields }) => fields)).toStrictEqual([{ workspace: "ws_1" }, {}]);
  });
});
