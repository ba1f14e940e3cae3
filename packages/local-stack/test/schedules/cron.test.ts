import { describe, expect, it } from "vitest";
import { parseSchedule } from "../../src/schedules/cron.ts";

const next = (expression: string, after: string): string =>
  new Date(parseSchedule("Schedule", expression)(Date.parse(after))).toISOString();

describe("a schedule", () => {
  it.each([
    ["rate(1 minute)", "2026-11-23T05:00:10.500Z", "2026-11-23T05:01:10.500Z"],
    ["rate(15 minutes)", "2026-11-23T05:00:00.000Z", "2026-11-23T05:15:00.000Z"],
    ["rate(1 day)", "2026-11-23T05:00:00.000Z", "2026-11-24T05:00:00.000Z"],
    ["cron(0 3 * * ? *)", "2026-11-23T03:00:00.000Z", "2026-11-24T03:00:00.000Z"],
    ["cron(0 3 * * ? *)", "2026-11-23T02:59:59.999Z", "2026-11-23T03:00:00.000Z"],
    ["cron(0/15 8-9 ? * MON-FRI *)", "2026-11-20T09:45:00.000Z", "2026-11-23T08:00:00.000Z"],
    ["cron(30 0 1 JAN,JUL ? *)", "2026-02-01T00:00:00.000Z", "2026-07-01T00:30:00.000Z"],
    ["cron(0 0 29 2 ? *)", "2026-11-23T00:00:00.000Z", "2028-02-29T00:00:00.000Z"],
  ])("(%s) after %s fires at %s", (expression, after, expected) => {
    expect(next(expression, after)).toBe(expected);
  });

  it.each([
    "rate(0 minutes)",
    "rate(1 week)",
    "at(2026-01-01T00:00:00)",
    "cron(0 3 L * ? *)",
    "cron(0 3 * *)",
    "cron(99 3 * * ? *)",
  ])("is refused by name: %s", (expression) => {
    expect(() => parseSchedule("Nightly (AWS::Scheduler::Schedule)", expression)).toThrow(
      /Nightly \(AWS::Scheduler::Schedule\): schedule expression/,
    );
  });

  it("without a possible time never fires", () => {
    expect(parseSchedule("S", "cron(0 0 31 2 ? *)")(Date.parse("2026-01-01T00:00:00Z"))).toBe(Infinity);
  });
});
