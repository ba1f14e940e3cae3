import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createLambdaClient } from "../../../lambdas/adapters/aws-clients.ts";
import {
  createDeliveryTester,
  TEST_EVENT_PATIENCE,
  TestNotRunError,
} from "../../../lambdas/adapters/deliver-invoker.ts";
import type { TestResult } from "../../../lambdas/core/api/delivery-api.ts";

const RESULT: TestResult = {
  ok: true,
  attempt: {
    id: "whd_1",
    at: "2026-11-23T12:00:00.000Z",
    outcome: "delivered",
    statusCode: 200,
    durationMs: 12,
    error: null,
    code: null,
    dns: null,
    address: null,
    tls: null,
    phases: {},
    answer: "",
    signedContent: null,
  },
};

/** Stands for Lambda's API and answers as the test says. */
const lambda = createServer((request, response) => {
  request.resume().on("end", () => {
    asked.push(request.url ?? "");
    answer(response);
  });
});
const asked: string[] = [];
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  lambda.listen(0, "127.0.0.1");
  await once(lambda, "listening");
  vi.stubEnv("AWS_ENDPOINT_URL", `http://127.0.0.1:${(lambda.address() as AddressInfo).port}`);
  vi.stubEnv("AWS_REGION", "eu-west-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "a");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "b");
});
beforeEach(() => void (asked.length = 0));
afterAll(() => {
  vi.unstubAllEnvs();
  lambda.closeAllConnections();
  lambda.close();
});

const send = () =>
  createDeliveryTester(createLambdaClient(TEST_EVENT_PATIENCE), "deliver").test("ws_1", "dst_1");

describe("a test event", () => {
  it("is sent by the delivery function, whose result is returned", async () => {
    answer = (response) => response.end(JSON.stringify(RESULT));
    expect(await send()).toEqual(RESULT);
    expect(asked).toEqual(["/2015-03-31/functions/deliver/invocations"]);
  });

  it.each<[string, object, (response: ServerResponse) => void]>([
    [
      "fails",
      { name: "ServiceException" },
      (response) => response.writeHead(500, { "x-amzn-errortype": "ServiceException" }).end("{}"),
    ],
    [
      "is throttled",
      { name: "TooManyRequestsException" },
      (response) => response.writeHead(429, { "x-amzn-errortype": "TooManyRequestsException" }).end("{}"),
    ],
    ["breaks off", { code: "ECONNRESET" }, (response) => response.destroy()],
  ])("is asked for once when the call %s: it may have been sent", async (_what, error, failing) => {
    answer = failing;
    await expect(send()).rejects.toMatchObject(error);
    expect(asked).toHaveLength(1);
  });

  it("was not sent if the function threw", async () => {
    answer = (response) => response.writeHead(200, { "x-amz-function-error": "Unhandled" }).end("{}");
    await expect(send()).rejects.toBeInstanceOf(TestNotRunError);
  });
});
