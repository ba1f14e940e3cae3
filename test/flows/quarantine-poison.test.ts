import { PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { METRIC } from "../../lambdas/core/base/metric-names.ts";
import {
  arrivedAt,
  createFlowUser,
  type FlowStack,
  type FlowUser,
  startFlowStack,
  waitForArrivals,
} from "../helpers/flow-stack.ts";

let stack: FlowStack;
let user: FlowUser;

beforeAll(async () => {
  stack = await startFlowStack();
  user = await createFlowUser({ apiUrl: stack.runtime.apiUrl, dir: stack.dir, receiver: stack.receiver });
  await user.register("ws_1");
  await user.createDestination("ws_1", "/behind");
}, 120_000);
afterAll(async () => stack?.stop());

async function quarantined(): Promise<number> {
  const table = stack.runtime.outputs["QuarantineTable"];
  const { Count: count } = await stack.dynamo.send(
    new ScanCommand({ TableName: table, ConsistentRead: true, Select: "COUNT" }),
  );
  return count ?? 0;
}

describe("a record that fan-out cannot process", () => {
  it("is quarantined with an alarm's metric, and the events behind it still arrive", async () => {
    const before = await user.post("ws_1", 2);
    await stack.dynamo.send(
      new PutItemCommand({
        TableName: stack.runtime.outputs["EventsTable"],
        Item: marshall({ partition: "ws_1", entry: "ent_poison", workspace: "ws_1", count: "many" }),
      }),
    );
    const behind = await user.post("ws_1", 3, { from: 2 });
    await waitForArrivals(stack.receiver, "/behind", 5);
    expect(arrivedAt(stack.receiver, "/behind").ids).toEqual([...before, ...behind]);
    expect(await quarantined()).toBe(1);
    await vi.waitFor(() =>
      expect(stack.logs.filter(({ line }) => line.includes(METRIC.recordsQuarantined))).not.toEqual([]),
    );
  });

  it("is examined again by a redrive, and stays while it cannot be read", async () => {
    const [redrive = ""] = stack.runtime.find("AWS::Lambda::Function", "TrailcastFanOutRedrive");
    expect(await stack.runtime.invoke(redrive, {})).toMatchObject({ unreadable: 1, remaining: false });
    expect(await quarantined()).toBe(1);
    expect(stack.problems).toEqual([]);
  });
});
