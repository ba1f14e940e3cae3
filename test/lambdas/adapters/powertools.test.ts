import { inspect } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  EnvironmentError,
  createEntryPoint,
  readEnvironment,
} from "../../../lambdas/adapters/entry-point.ts";
import { describeError } from "../../../lambdas/adapters/describe-error.ts";
import { createPowertoolsLog } from "../../../lambdas/adapters/powertools-log.ts";
import { createPowertoolsMetrics, publishing } from "../../../lambdas/adapters/powertools-metrics.ts";
import { plansSchema } from "../../../lambdas/core/workspace/entitlement.ts";
import { METRIC } from "../../../lambdas/core/base/metric-names.ts";
import { TrailcastError } from "../../../lambdas/core/base/trailcast-error.ts";
import { PLANS } from "../../helpers/sample-events.ts";

afterEach(() => void vi.restoreAllMocks());

describe("an error in the log", () => {
  it("is its class and frames; its message only where we wrote it", () => {
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

  it("comes with the fields of its line, as one line of JSON", () => {
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
  it("are published after each invocation, also one that failed, and nothing when nothing was counted", async () => {
    const written: string[] = [];
    vi.spyOn(process.stdout, "write").mockImplementation((line) => written.push(String(line)) > 0);
    const metrics = createPowertoolsMetrics("ingest");
    const invoke = publishing(metrics, async (count: number, _context: undefined) => {
      if (count === 0) return;
      metrics.count(METRIC.eventsRecorded, count);
      throw new Error("failed");
    });
    await invoke(0, undefined);
    await expect(invoke(3, undefined)).rejects.toThrow("failed");
    await invoke(0, undefined);
    expect(written.map((line) => JSON.parse(line))).toMatchObject([
      { service: "ingest", EventsRecorded: 3, _aws: { CloudWatchMetrics: [{ Namespace: "Trailcast" }] } },
    ]);
  });
});

describe("an environment", () => {
  const variables = { NAME: "x", COUNT: "7", PLANS: JSON.stringify(PLANS), BROKEN: "{" };

  it("is read by name and schema", () => {
    const environment = readEnvironment(variables);
    expect(environment.text("NAME")).toBe("x");
    expect(environment.textOr("NONE", "y")).toBe("y");
    expect(environment.number("COUNT")).toBe(7);
    expect(environment.json("PLANS", plansSchema)).toStrictEqual(PLANS);
    expect(environment.jsonOr("NONE", plansSchema, {})).toStrictEqual({});
  });

  it("that lacks a name or holds something else is named, not quoted", () => {
    const environment = readEnvironment(variables);
    expect(() => environment.text("NONE")).toThrow("Environment variable NONE is missing");
    expect(() => environment.number("NAME")).toThrow("Environment variable NAME is malformed");
    for (const name of ["BROKEN", "COUNT"]) {
      expect(() => environment.json(name, plansSchema)).toThrow(EnvironmentError);
    }
  });

  it("is read at the first call, once", async () => {
    const build = vi.fn<() => (event: number, context: undefined) => Promise<number>>(
      () => async (event) => event + 1,
    );
    const handler = createEntryPoint(build);
    expect(build).not.toHaveBeenCalled();
    expect([await handler(1, undefined), await handler(2, undefined)]).toStrictEqual([2, 3]);
    expect(build).toHaveBeenCalledTimes(1);
  });
});

describe("what a function throws, and Lambda logs", () => {
  it.each([
    [() => JSON.parse("hunter2"), "SyntaxError"],
    [() => Promise.reject(new Error("hunter2", { cause: new Error("hunter2") })), "Error"],
    // oxlint-disable-next-line no-throw-literal -- what others throw
    [() => Promise.reject("hunter2"), "Error"],
  ])("names class and place, and quotes nothing: %#", async (fail, name) => {
    const handler = createEntryPoint(() => async () => fail());
    const thrown: unknown = await handler(undefined, undefined).catch((error: unknown) => error);
    expect(thrown).toHaveProperty("name", name);
    expect(inspect(thrown, { depth: 9, showHidden: true })).not.toContain("hunter2");
  });

  it("keeps the words that are ours", async () => {
    const handler = createEntryPoint(() => async () => {
      throw new EnvironmentError("NAME", "missing");
    });
    await expect(handler(undefined, undefined)).rejects.toThrow("Environment variable NAME is missing");
    const thrown: unknown = await handler(undefined, undefined).catch((error: unknown) => error);
    expect(thrown).toMatchObject({
      name: "EnvironmentError",
      stack: expect.stringContaining("powertools.test.ts"),
    });
  });
});
