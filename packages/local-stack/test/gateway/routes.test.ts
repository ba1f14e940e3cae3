import { describe, expect, it } from "vitest";
import { proxyResponse } from "../../src/gateway/proxy-response.ts";
import { createRouteTable } from "../../src/gateway/routes.ts";
import { createThrottle } from "../../src/gateway/throttle.ts";

const KEYS = [
  "GET /v1/workspaces/{ws}/events",
  "GET /v1/workspaces/{ws}/events/{id}",
  "GET /v1/workspaces/{ws}/events/export",
  "POST /v1/workspaces/{ws}/events",
  "ANY /any",
  "GET /any",
  "GET /console",
  "GET /console/{proxy+}",
  "GET /console/help/{page}",
];
const table = createRouteTable(KEYS.map((key) => [key, key] as const));

describe("a route table", () => {
  it.each<[string, string, string | undefined, Record<string, string>]>([
    ["GET", "/v1/workspaces/ws_1/events", KEYS[0], { ws: "ws_1" }],
    ["POST", "/v1/workspaces/ws_1/events", KEYS[3], { ws: "ws_1" }],
    ["GET", "/v1/workspaces/ws_1/events/aud_1", KEYS[1], { ws: "ws_1", id: "aud_1" }],
    ["GET", "/v1/workspaces/ws_1/events/export", KEYS[2], { ws: "ws_1" }],
    ["GET", "/v1/workspaces/a%2Fb/events", KEYS[0], { ws: "a/b" }],
    ["DELETE", "/v1/workspaces/ws_1/events", undefined, {}],
    ["GET", "/v1/workspaces//events", undefined, {}],
    ["GET", "/v1/workspaces/ws_1/events/", undefined, {}],
    ["GET", "/any", "GET /any", {}],
    ["PUT", "/any", "ANY /any", {}],
    ["GET", "/console", "GET /console", {}],
    ["GET", "/console/", KEYS[7], { proxy: "" }],
    ["GET", "/console/a/b.js", KEYS[7], { proxy: "a/b.js" }],
    ["GET", "/console/help/x", KEYS[8], { page: "x" }],
  ])("%s %s", (method, path, expected, pathParameters) => {
    const found = table.match(method, path);
    expect(found?.route).toBe(expected);
    expect(found?.pathParameters ?? {}).toEqual(pathParameters);
  });

  it("passes to $default what no other route matches", () => {
    expect(createRouteTable([["$default", "rest"]]).match("GET", "/x")).toEqual({
      route: "rest",
      pathParameters: {},
    });
  });
});

describe("the response of a function", () => {
  it.each<[string, string, number, Record<string, unknown>, string]>([
    ["as it says", '{"statusCode":201,"headers":{"X-A":"b"},"body":"x"}', 201, { "x-a": "b" }, "x"],
    ["whose body is base64", '{"statusCode":200,"body":"aGk=","isBase64Encoded":true}', 200, {}, "hi"],
    ["with cookies", '{"statusCode":204,"cookies":["a=1","b=2"]}', 204, { "set-cookie": ["a=1", "b=2"] }, ""],
    ["without a status is the body", '{"a":1}', 200, { "content-type": "application/json" }, '{"a":1}'],
    ["of text is the body", '"hello"', 200, { "content-type": "application/json" }, "hello"],
    ["that makes no sense", '{"statusCode":"x"}', 500, {}, '{"message":"Internal Server Error"}'],
  ])("%s", (_, result, status, headers, body) => {
    const answer = proxyResponse(result);
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject(headers);
    expect(String(answer.body)).toBe(body);
  });
});

it("a throttle allows a burst, then its rate", () => {
  let now = 0;
  const mayPass = createThrottle({ ratePerSecond: 10, burst: 3 }, () => now);
  expect([mayPass(), mayPass(), mayPass(), mayPass()]).toEqual([true, true, true, false]);
  now += 100;
  expect([mayPass(), mayPass()]).toEqual([true, false]);
});
