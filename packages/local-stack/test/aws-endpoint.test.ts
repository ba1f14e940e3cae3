import { afterEach, expect, it } from "vitest";
import { startAwsEndpoint, type AwsEndpoint } from "../src/aws-endpoint.ts";

let endpoint: AwsEndpoint | undefined;
afterEach(() => endpoint?.close());

it("answers every call with 503 while the stack starts, after which SDK clients retry", async () => {
  endpoint = await startAwsEndpoint(0, () => {});
  const calls: RequestInit[] = [
    { method: "POST", headers: { "x-amz-target": "DynamoDB_20120810.ListTables" }, body: "{}" },
    { method: "GET" },
  ];
  for (const call of calls) {
    const answer = await fetch(`${endpoint.url}/bucket/key`, call);
    expect([answer.status, await answer.json()]).toEqual([
      503,
      { __type: "ServiceUnavailable", message: "the stack is starting" },
    ]);
  }
});
