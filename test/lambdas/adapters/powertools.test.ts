import { afterEach, describe, expect, it, vi } from "vitest";
import { EnvironmentError, readEnvironment } from "../../../lambdas/adapters/environment.ts";
import { describeError } from "../../../lambdas/adapters/describe-error.ts";
import { createPowertoolsLog } from "../../../lambdas/adapters/powertools-log.ts";
import { createPowertoolsMetrics } from "../../../lambdas/adapters/powertools-metrics.ts";
import { plansSchema } from "../../../lambdas/core/workspace/entitlement.ts";
import { METRIC } from "../../../lambdas/core/base/metric-names.ts";
import { connectMetrics } from "../../../lambdas/wiring/metrics.ts";
import { TrailcastError } from "../../../lambdas/core/base/trailcast-error.ts";
import { PLANS } from "../../helpers/sample-events.ts";

afterEach(() => void vi.restoreAllMocks());

describe("an error in the log", () => {
  it("shows its class and stack frames, and its message only if Trailcast wrote it", () => {
    const foreign = describeError(
      new SyntaxError('Unexpected token in {"password":"hunter2"}\n  at hunter2 (x:1:1)'),
    );
    expect(foreign).toMatchObject({ class: "SyntaxError" });
    expect(JSON.stringify(foreign)).toMatch(/powertools\.test\.ts/);
    expect(JSON.stringify(foreign)).not.toContain("hunter2");
    const ours = new TrailcastError("one of ours", { cause: new Error("caused by hunter2") });
    expect(describeError(ours)).toMatchObject({ message: "one of ours", cause: { class: "Error" } });
    expect(JSON.stringify(describeError(ours))).not.toContain("hunter2");
    expect(describeError("hunter2")).toStrictEqual({ class: "string" });
  });

  it("is part of one line of JSON with the other fields", () => {
    const written: string[] = [];
    vi.spyOn(console, "error").mockImplementation((line: string) => void written.push(line));
    process.env["POWERTOOLS_DEV"] = "true";
    createPowertoolsLog("ingest").error("request.failed", { workspace: "ws_1" }, new Error("hunter2"));
    delete process.env["POWERTOOLS_DEV"];
    expect(JSON.parse(written[0] ?? "")).toMatchObject({
      level: "ERROR",
      message: "request.failed",
      service: "ingest",
      workspace: "ws_1",
      fault: { class: "Error" },
    });
    expect(written[0]).not.toContain("hunter2");
  });
});

describe("metrics", () => {
  it("are published in the namespace of the stack, and only if something was counted", () => {
    const written: string[] = [];
    vi.spyOn(process.stdout, "write").mockImplementation((line) => written.push(String(line)) > 0);
    const metrics = createPowertoolsMetrics("ingest", "Trailcast/Here");
    metrics.publish();
    metrics.count(METRIC.eventsRecorded, 3);
    metrics.publish();
    metrics.publish();
    expect(written.map((line) => JSON.parse(line))).toMatchObject([
      {
        service: "ingest",
        EventsRecorded: 3,
        _aws: { CloudWatchMetrics: [{ Namespace: "Trailcast/Here" }] },
      },
    ]);
  });

  it("are published in the namespace `Trailcast` if the environment names none", () => {
    const written: string[] = [];
    vi.spyOn(process.stdout, "write").mockImplementation((line) => written.push(String(line)) > 0);
    const metrics = connectMetrics(readEnvironment({}), "ingest");
    metrics.count(METRIC.eventsRecorded);
    metrics.publish();
    expect(JSON.parse(written[0] ?? "")).toMatchObject({
      _aws: { CloudWatchMetrics: [{ Namespace: "Trailcast" }] },
    });
  });
});

describe("the environment", () => {
  const variables = { NAME: "x", COUNT: "7", PLANS: JSON.stringify(PLANS), BROKEN: "{" };

  it("is read by variable name and schema", () => {
    const environment = readEnvironment(variables);
    expect(environment.text("NAME")).toBe("x");
    expect(environment.textOr("NONE", "y")).toBe("y");
    expect(environment.number("COUNT")).toBe(7);
    expect(environment.json("PLANS", plansSchema)).toStrictEqual(PLANS);
    expect(environment.jsonOr("NONE", plansSchema, {})).toStrictEqual({});
  });

  it("causes an error that names a missing or malformed variable, but does not quote its value", () => {
    const environment = readEnvironment(variables);
    expect(() => environment.text("NONE")).toThrow("Environment variable NONE is missing");
    expect(() => environment.number("NAME")).toThrow("Environment variable NAME is malformed");
    for (const name of ["BROKEN", "COUNT"]) {
      expect(() => environment.json(name, plansSchema)).toThrow(EnvironmentError);
    }
  });
});
