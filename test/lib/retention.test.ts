import { describe, expect, it } from "vitest";
import { logicalIdOf, resourceOf, resourcesOf, synthesise } from "../helpers/synthesised-stack.ts";

const template = synthesise({ sourceBaseUrl: "https://app.example.com" });
const queueId = (name: string): string =>
  resourcesOf(template, "AWS::SQS::Queue")
    .map(([id]) => id)
    .find((id) => id.includes(`Retention${name}`)) ?? "none";
const queueOf = (prefix: string): string =>
  logicalIdOf(
    resourceOf(template, "AWS::Lambda::Function", prefix).Properties["Environment"].Variables
      .TRAILCAST_PURGE_QUEUE_URL,
  );

describe("the tasks of the purge", () => {
  it("that a PUT requests do not wait behind the daily ones", () => {
    expect(queueOf("ManagementFunction")).toBe(queueId("UrgentTasks"));
    expect(queueOf("RetentionPlan")).toBe(queueId("PurgeTasks"));
  });

  it("of both queues are processed in parallel and share a dead-letter queue that the command line redrives", () => {
    const dead = new Set<string>();
    for (const name of ["UrgentTasks", "PurgeTasks"]) {
      const mapping = resourcesOf(template, "AWS::Lambda::EventSourceMapping").find(
        ([, { Properties }]) => logicalIdOf(Properties["EventSourceArn"]) === queueId(name),
      );
      expect(mapping?.[1].Properties).toMatchObject({
        BatchSize: 1,
        ScalingConfig: { MaximumConcurrency: 2 },
        FunctionResponseTypes: ["ReportBatchItemFailures"],
      });
      const queue = resourcesOf(template, "AWS::SQS::Queue").find(([id]) => id === queueId(name));
      dead.add(logicalIdOf(queue?.[1].Properties["RedrivePolicy"].deadLetterTargetArn));
    }
    expect([...dead]).toEqual([queueId("Dead")]);
  });
});
