import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { putIf, updateIf } from "../../../lambdas/adapters/conditional-write.ts";
import { createLaneStore } from "../../../lambdas/adapters/lane-store.ts";
import { AwsError, startHttpEndpoint } from "@trailcast/local-stack/aws";
import { laneAtStart } from "../../helpers/in-memory-stores.ts";
import { laneOf } from "../../helpers/lane-rows.ts";

/** Errors that the table returns, one for each call; after them it writes. */
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

  it.each(["put", "update"] as const)("(%s) waits for a transaction that locks the row", async (name) => {
    refusals = conflicts(2);
    expect(await writes[name]()).toBe(true);
    expect(calls).toBe(3);
  });

  it("is refused if the transaction changed the row", async () => {
    refusals = [CONFLICT, "ConditionalCheckFailedException"];
    expect(await writes.put()).toBe(false);
    expect(calls).toBe(2);
  });

  it("gives up after four attempts with the error of the conflict", async () => {
    refusals = conflicts(100);
    await expect(writes.put()).rejects.toThrow(expect.objectContaining({ name: CONFLICT }));
    expect(calls).toBe(4);
  });
});

describe("writing a lane", () => {
  const replace = () => createLaneStore(client, "Registry").replaceLane(laneOf(laneAtStart("ws_1", "dst_1")));

  it("succeeds once a transaction of the lane's owner has ended", async () => {
    refusals = conflicts(1);
    expect(await replace()).toMatchObject({ version: laneAtStart("ws_1", "dst_1").version + 1 });
  });

  it("returns `stale` if the row stays locked, so that the caller reads it again", async () => {
    refusals = conflicts(100);
    expect(await replace()).toBe("stale");
  });

  it("fails with any other error", async () => {
    refusals = ["ResourceNotFoundException"];
    await expect(replace()).rejects.toThrow(expect.objectContaining({ name: "ResourceNotFoundException" }));
  });
});
