import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { putIf, updateIf } from "../../../lambdas/adapters/conditional-write.ts";
import { createLaneStore } from "../../../lambdas/adapters/lane-store.ts";
import { AwsError, startHttpEndpoint } from "@trailcast/local-stack/aws";
import { laneAtStart } from "../../helpers/in-memory-stores.ts";

/** Error names that the table answers with, in turn; after them it writes. */
let refusals: string[] = [];
let calls = 0;
let client: DynamoDBClient;
let close: () => Promise<void>;

beforeAll(async () => {
  const table = {
    handle: async () => {
      calls++;
      const refusal = refusals.shift();
      if (refusal !== undefined) throw new AwsError(refusal, "no");
      return {};
    },
  };
  const endpoint = await startHttpEndpoint({ services: { DynamoDB_20120810: table } });
  const credentials = { accessKeyId: "LOCALADMIN", secretAccessKey: "local" };
  client = new DynamoDBClient({ endpoint: endpoint.url, region: "eu-west-1", credentials });
  close = async () => {
    client.destroy();
    await endpoint.close();
  };
});
afterAll(() => close());
beforeEach(() => {
  refusals = [];
  calls = 0;
});

const CONFLICT = "TransactionConflictException";
const CONDITION = { condition: "#version = :version" };
const conflicts = (count: number): string[] => Array.from({ length: count }, () => CONFLICT);

describe("a conditional write", () => {
  const writes = {
    put: () => putIf(client, "Registry", { workspace: "ws_1" }, CONDITION),
    update: () => updateIf(client, "Registry", { workspace: "ws_1" }, "SET #a = :a", CONDITION),
  };

  it.each(["put", "update"] as const)("(%s) waits for a transaction that holds the row", async (name) => {
    refusals = conflicts(2);
    expect(await writes[name]()).toBe(true);
    expect(calls).toBe(3);
  });

  it("is refused when the transaction changed the row", async () => {
    refusals = [CONFLICT, "ConditionalCheckFailedException"];
    expect(await writes.put()).toBe(false);
    expect(calls).toBe(2);
  });

  it("does not wait for ever, and says what it waited for", async () => {
    refusals = conflicts(100);
    await expect(writes.put()).rejects.toThrow(expect.objectContaining({ name: CONFLICT }));
    expect(calls).toBe(4);
  });
});

describe("a lane", () => {
  const replace = () => createLaneStore(client, "Registry").replaceLane(laneAtStart("ws_1", "dst_1"));

  it("is stored once the transaction of its owner is over", async () => {
    refusals = conflicts(1);
    expect(await replace()).toMatchObject({ version: laneAtStart("ws_1", "dst_1").version + 1 });
  });

  it("that is held for long is looked at again, as one that has changed", async () => {
    refusals = conflicts(100);
    expect(await replace()).toBe("stale");
  });

  it("that cannot be stored for another reason is a failure", async () => {
    refusals = ["ResourceNotFoundException"];
    await expect(replace()).rejects.toThrow(expect.objectContaining({ name: "ResourceNotFoundException" }));
  });
});
