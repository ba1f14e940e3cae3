import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { REPOSITORY } from "../helpers/source-files.ts";
import { logicalIdOf, MINIMAL, resourceOf, resourcesOf, synthesise } from "../helpers/synthesised-stack.ts";

const template = synthesise({ ...MINIMAL, alarmEmail: "operator@example.com" });
const alarms = resourcesOf(template, "AWS::CloudWatch::Alarm").map(([, { Properties }]) => Properties);
const headings = readFileSync(join(REPOSITORY, "docs/operate.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("### "))
  .map((line) => line.slice(4));

describe("alarms", () => {
  it("each say in a sentence who notices what, and link to a runbook that exists", () => {
    expect(alarms.length).toBeGreaterThan(15);
    for (const { AlarmDescription } of alarms) {
      expect(AlarmDescription).toMatch(/^.{20,}\. Runbook: docs\/operate\.md#[a-z-]+$/);
      expect(headings).toContain(AlarmDescription.split("#")[1]);
    }
  });

  it("leave no runbook without an alarm", () => {
    const linked = new Set(alarms.map(({ AlarmDescription }) => AlarmDescription.split("#")[1]));
    expect(headings.filter((heading) => !linked.has(heading))).toEqual([]);
  });

  it("tell the operator when they begin and when they end", () => {
    const topic = resourcesOf(template, "AWS::SNS::Topic")[0]?.[0];
    for (const { AlarmActions, OKActions } of alarms) {
      expect(AlarmActions.map(logicalIdOf)).toEqual([topic]);
      expect(OKActions.map(logicalIdOf)).toEqual([topic]);
    }
  });

  it("can be published to their topic, whose policy refuses plain HTTP", () => {
    const { PolicyDocument } = resourceOf(template, "AWS::SNS::TopicPolicy", "").Properties;
    expect(PolicyDocument.Statement).toContainEqual(
      expect.objectContaining({ Effect: "Allow", Principal: { Service: "cloudwatch.amazonaws.com" } }),
    );
  });

  it("reach the address in the settings, and nobody without one", () => {
    expect(resourceOf(template, "AWS::SNS::Subscription", "").Properties).toMatchObject({
      Protocol: "email",
      Endpoint: "operator@example.com",
    });
    expect(resourcesOf(synthesise(MINIMAL), "AWS::SNS::Subscription")).toEqual([]);
  });

  it("watch metrics that the functions write, in the namespace of their stack", () => {
    const ours = alarms.filter(({ Namespace }) => Namespace === "Trailcast/Trailcast");
    const written = ours.map(({ MetricName, Dimensions }) => [MetricName, Dimensions[0].Value]);
    expect(written.toSorted()).toEqual([
      ["OldestUndeliveredAge", "sweep"],
      ["PurgeFailures", "purge"],
      ["RecordsQuarantined", "fan-out"],
    ]);
    const { Environment } = resourceOf(template, "AWS::Lambda::Function", "SweepFunction").Properties;
    expect(Environment.Variables).toMatchObject({ POWERTOOLS_METRICS_NAMESPACE: "Trailcast/Trailcast" });
  });

  it("watch every dead-letter queue and every function", () => {
    const watched = JSON.stringify(alarms);
    const dead = resourcesOf(template, "AWS::SQS::Queue").filter(([id]) => /Dead|GivenUp/.test(id));
    const functions = resourcesOf(template, "AWS::Lambda::Function").filter(
      ([id]) => !/Redrive|Open/.test(id),
    );
    expect(dead).toHaveLength(4);
    for (const [id] of [...dead, ...functions]) expect(watched).toContain(id);
  });
});
