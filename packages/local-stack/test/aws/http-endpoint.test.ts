import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AwsError, startHttpEndpoint, type AwsCall, type HttpEndpoint } from "../../src/aws/services.ts";

let endpoint: HttpEndpoint;
const calls: AwsCall[] = [];
const onFault = vi.fn<(error: unknown) => void>();

beforeEach(async () => {
  calls.length = 0;
  onFault.mockClear();
  endpoint = await startHttpEndpoint({
    services: {
      secretsmanager: {
        handle: async (call) => {
          calls.push(call);
          if (call.action === "Break") throw new Error("broken");
          if (call.action === "Wait") {
            await new Promise<void>((resolve) => call.signal?.addEventListener("abort", () => resolve()));
          }
          return { answered: call.action };
        },
      },
    },
    authorise: (call, accessKeyId) => {
      if (accessKeyId !== "LOCALADMIN") {
        throw new AwsError("AccessDeniedException", `${accessKeyId} may not ${call.action}`);
      }
    },
    routes: [
      (request, body, response) => {
        if (!request.url?.startsWith("/2015-03-31/functions/")) return false;
        response.end(`invoked with ${body.toString()}`);
        return true;
      },
    ],
    onFault,
  });
});
afterEach(() => endpoint.close());

function post(target: string | undefined, body: string, more: RequestInit & { path?: string } = {}) {
  return fetch(`${endpoint.url}${more.path ?? "/"}`, {
    method: "POST",
    body,
    ...(more.signal === undefined ? {} : { signal: more.signal }),
    headers: {
      "content-type": "application/x-amz-json-1.1",
      authorization: "AWS4-HMAC-SHA256 Credential=LOCALADMIN/20261123/eu-central-1/x/aws4_request",
      ...(target === undefined ? {} : { "x-amz-target": target }),
      ...more.headers,
    },
  });
}

describe("the HTTP endpoint", () => {
  it("passes a call to the service that its target names, and responds in the request's content type", async () => {
    const response = await post("secretsmanager.GetSecretValue", '{"SecretId":"a"}');
    expect(await response.json()).toEqual({ answered: "GetSecretValue" });
    expect(response.headers.get("content-type")).toBe("application/x-amz-json-1.1");
    expect(calls[0]).toMatchObject({ service: "secretsmanager", input: { SecretId: "a" } });
  });

  it("checks permissions by the access key in the signature", async () => {
    const headers = { authorization: "AWS4-HMAC-SHA256 Credential=LOCALIngest/20261123/x/x/aws4_request" };
    const response = await post("secretsmanager.GetSecretValue", "{}", { headers });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      __type: "AccessDeniedException",
      message: "LOCALIngest may not GetSecretValue",
    });
    expect(calls).toEqual([]);
  });

  it("refuses an unknown service by name", async () => {
    const response = await post("Kinesis_20131202.PutRecord", "{}");
    expect(await response.json()).toEqual({
      __type: "UnknownOperationException",
      message: "no local service answers Kinesis_20131202.PutRecord",
    });
  });

  it.each(["not json", "[]", '"text"'])("refuses the body %s", async (body) => {
    const response = await post("secretsmanager.GetSecretValue", body);
    expect(await response.json()).toMatchObject({ __type: "SerializationException" });
  });

  it("refuses a body over 24 MiB without keeping it", async () => {
    const response = await post("secretsmanager.GetSecretValue", "x".repeat(25 * 1024 * 1024)).catch(
      () => undefined,
    );
    // The response may be lost with the rest of the upload, but the call must not have been made.
    expect([413, undefined]).toContain(response?.status);
    expect(calls).toEqual([]);
  });

  it("passes requests without a target to the routes", async () => {
    const response = await post(undefined, "payload", { path: "/2015-03-31/functions/f/invocations" });
    expect(await response.text()).toBe("invoked with payload");
    expect((await post(undefined, "", { path: "/unknown" })).status).toBe(400);
  });

  it("answers a fault of a stand-in with 500 and reports it", async () => {
    const response = await post("secretsmanager.Break", "{}");
    expect([response.status, await response.json()]).toEqual([
      500,
      { __type: "InternalServerError", message: "broken" },
    ]);
    expect(onFault).toHaveBeenCalledTimes(1);
  });

  it("tells the service when the caller has disconnected", async () => {
    const caller = new AbortController();
    const response = post("secretsmanager.Wait", "{}", { signal: caller.signal }).catch(() => "gone");
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    caller.abort();
    expect(await response).toBe("gone");
    await vi.waitFor(() => expect(calls[0]?.signal?.aborted).toBe(true));
  });
});
