import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FUNCTION_ENTRIES } from "../../lib/function-code.ts";
import { REPOSITORY } from "../helpers/source-files.ts";
import { logicalIdOf, MINIMAL, resourceOf, resourcesOf, synthesise } from "../helpers/synthesised-stack.ts";

const template = synthesise({ ...MINIMAL, alarmEmail: "operator@example.com" });
const alarms = resourcesOf(template, "AWS::CloudWatch::Alarm").map(([, { Properties }]) => Properties);
const withPool = synthesise({ sourceBaseUrl: MINIMAL.sourceBaseUrl });
const ofPool = resourcesOf(withPool, "AWS::CloudWatch::Alarm");
const page = readFileSync(join(REPOSITORY, "docs/operate.md"), "utf8");
const headings = page
  .split("\n")
  .filter((line) => line.startsWith("### "))
  .map((line) => line.slice(4));

interface MetricQuery {
  Expression?: string;
  MetricStat?: { Metric: Record<string, any>; Period: number; Stat: string };
}

const metricOf = ({ MetricStat }: MetricQuery) => MetricStat?.Metric ?? [];
const expressionOf = (queries: readonly MetricQuery[]): string | undefined =>
  queries.find(({ Expression }) => Expression !== undefined)?.Expression;

describe("alarms", () => {
  it("describe in a sentence who is affected and how, and link to an existing runbook", () => {
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

  it("notify the operator when they start and when they end", () => {
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

  it("are sent to the address in the settings, and to no address without one", () => {
    expect(resourceOf(template, "AWS::SNS::Subscription", "").Properties).toMatchObject({
      Protocol: "email",
      Endpoint: "operator@example.com",
    });
    expect(resourcesOf(synthesise(MINIMAL), "AWS::SNS::Subscription")).toEqual([]);
  });

  it("watch metrics that the functions emit, in the namespace of their stack", () => {
    const ours = alarms
      .flatMap(({ Metrics, ...alarm }) => (Metrics === undefined ? [alarm] : Metrics.flatMap(metricOf)))
      .filter(({ Namespace }) => Namespace === "Trailcast/Trailcast");
    const written = ours.map(({ MetricName, Dimensions }) => [MetricName, Dimensions[0].Value]);
    expect(written.toSorted()).toEqual([
      ["OldestUndeliveredAge", "sweep"],
      ["PurgeFailures", "purge"],
      ["RecordsInQuarantine", "sweep"],
    ]);
    const { Environment } = resourceOf(template, "AWS::Lambda::Function", "SweepFunction").Properties;
    expect(Environment.Variables).toMatchObject({ POWERTOOLS_METRICS_NAMESPACE: "Trailcast/Trailcast" });
  });

  it("watch every dead-letter queue and every function", () => {
    const watched = JSON.stringify(ofPool.map(([, { Properties }]) => Properties));
    const dead = resourcesOf(withPool, "AWS::SQS::Queue").filter(([id]) => /Dead|GivenUp/.test(id));
    const functions = resourcesOf(withPool, "AWS::Lambda::Function");
    expect(dead).toHaveLength(4);
    expect(functions).toHaveLength(FUNCTION_ENTRIES.length);
    for (const [id] of [...dead, ...functions]) expect(watched).toContain(id);
  });

  it("treat half an hour without a report of the sweep as a lag, whatever was reported before", () => {
    const { Metrics, ...lag } = resourceOf(template, "AWS::CloudWatch::Alarm", "DeliveryLag").Properties;
    expect(lag).toMatchObject({ TreatMissingData: "breaching", EvaluationPeriods: 2, Threshold: 900 });
    expect(expressionOf(Metrics)).toBe("FILL(lag, 901)");
    expect(Metrics.flatMap((one: MetricQuery) => one.MetricStat ?? [])).toEqual([
      expect.objectContaining({ Period: 900, Stat: "Maximum" }),
    ]);
  });

  it("for a silent sweep are created after its schedule, which sweeps at once, so that a new stack has none", () => {
    const [schedule] = resourcesOf(template, "AWS::Scheduler::Schedule", "SweepBehind");
    expect(resourceOf(template, "AWS::CloudWatch::Alarm", "DeliveryLag")["DependsOn"]).toContain(
      schedule?.[0],
    );
  });

  it("count failures also in periods that have only errors or only throttles", () => {
    const ofFunctions = ofPool.filter(([id]) => id.includes("Function"));
    expect(ofFunctions).toHaveLength(FUNCTION_ENTRIES.length);
    for (const [, { Properties }] of ofFunctions) {
      expect(expressionOf(Properties["Metrics"])).toBe("FILL(errors, 0) + FILL(throttles, 0)");
    }
  });

  it("stay on while any record is in quarantine", () => {
    expect(resourceOf(template, "AWS::CloudWatch::Alarm", "RecordsQuarantined").Properties).toMatchObject({
      TreatMissingData: "ignore",
      Period: 900,
      Statistic: "Maximum",
      Threshold: 0,
    });
  });

  it("need two failing periods for functions that are called all the time, one for occasional ones", () => {
    const watched = ofPool
      .filter(([id]) => id.includes("Function"))
      .map(([id, { Properties }]) => [
        /Alarms(\w+)Function/.exec(id)?.[1],
        Properties["Metrics"][1].MetricStat.Period * Properties["EvaluationPeriods"],
        Properties["EvaluationPeriods"],
      ]);
    const rare = ["Export", "PlanPurge", "Purge", "Redrive", "Sweep"].map((id) => [id, 900, 1]);
    const busy = ["Delivery", "FanOut", "Ingest", "Management", "MapGroups", "Open", "Reading"];
    expect(watched.toSorted()).toEqual([...rare, ...busy.map((id) => [id, 600, 2])].toSorted());
  });

  it("cost what the page says", () => {
    const metrics = ofPool.map(([, { Properties }]) =>
      Properties["Metrics"] === undefined
        ? 1
        : Properties["Metrics"].filter((one: { MetricStat?: unknown }) => one.MetricStat !== undefined)
            .length,
    );
    const sum = metrics.reduce((total, count) => total + count, 0);
    const said = /\d+ alarms on \d+ metrics [\d.]+/.exec(page)?.[0];
    expect(said).toBe(`${ofPool.length} alarms on ${sum} metrics ${(sum / 10).toFixed(2)}`);
  });
});
