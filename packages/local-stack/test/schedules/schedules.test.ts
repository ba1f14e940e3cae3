import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MissingGrantError, startRuntime, type Runtime } from "../../src/index.ts";
import {
  allow,
  arnOf,
  lambda,
  policy,
  temporaryFolder,
  trust,
  writeAssembly,
  type Resources,
} from "../fixtures/fixture-stack.ts";

const HOUR_MS = 3_600_000;

const SCHEDULE: Resources = {
  ...lambda("Tick", "tick"),
  ClockRole: {
    Type: "AWS::IAM::Role",
    Properties: { AssumeRolePolicyDocument: trust("scheduler.amazonaws.com") },
  },
  ClockPolicy: policy("ClockRole", [allow(["lambda:InvokeFunction"], arnOf("Tick"))]),
  Hourly: {
    Type: "AWS::Scheduler::Schedule",
    Properties: {
      ScheduleExpression: "rate(1 hour)",
      FlexibleTimeWindow: { Mode: "OFF" },
      Target: { Arn: arnOf("Tick"), RoleArn: arnOf("ClockRole"), Input: '{"scope":"due"}' },
    },
  },
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let runtime: Runtime | undefined;

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(async () => {
  await runtime?.stop();
  runtime = undefined;
  await folder.remove();
});

async function start(resources: Resources, timeScale: number): Promise<string[]> {
  const lines: string[] = [];
  const cdkOut = writeAssembly(await temporaryCdkOut(), resources);
  runtime = await startRuntime({
    cdkOut,
    dir: join(folder.path, "data"),
    timeScale,
    onLog: ({ line }) => lines.push(line),
  });
  return lines;
}

let starts = 0;
const temporaryCdkOut = async (): Promise<string> => join(folder.path, `start-${(starts += 1)}`);

describe("the schedules of a stack", () => {
  it("fire as often as the faster clock says, with their input", async () => {
    const lines = await start(SCHEDULE, (10 * HOUR_MS) / 1000);
    const begun = runtime!.clock.anchor.virtualStart;
    await vi.waitFor(() => expect(lines.length).toBeGreaterThanOrEqual(3), { timeout: 5000 });
    expect(lines[0]).toBe('tick {"scope":"due"}');
    const hours = (runtime!.clock.now() - begun) / HOUR_MS;
    expect(lines.length).toBeLessThanOrEqual(Math.floor(hours));
  });

  it("fire once after a pause, however often they were missed", async () => {
    await start(SCHEDULE, 1);
    await runtime!.stop();
    const clockFile = join(folder.path, "data", "clock.json");
    const { readFileSync, writeFileSync } = await import("node:fs");
    const state = JSON.parse(readFileSync(clockFile, "utf8")) as { seen: number };
    writeFileSync(clockFile, JSON.stringify({ ...state, seen: state.seen + 5 * HOUR_MS }));
    const lines = await start(SCHEDULE, 1);
    await vi.waitFor(() => expect(lines).toEqual(['tick {"scope":"due"}']), { timeout: 5000 });
  });

  it("need a role that Scheduler may assume and that allows the target", async () => {
    const { ClockPolicy: _policy, ...unallowed } = SCHEDULE;
    const denied = await start(unallowed, 1).catch((error: unknown) => error);
    expect(denied).toBeInstanceOf(MissingGrantError);
    expect(denied).toMatchObject({ principal: "Hourly", action: "lambda:InvokeFunction" });
    const foreign = {
      ...SCHEDULE,
      ClockRole: {
        ...SCHEDULE["ClockRole"]!,
        Properties: { AssumeRolePolicyDocument: trust("lambda.amazonaws.com") },
      },
    };
    expect(await start(foreign, 1).catch((error: unknown) => error)).toMatchObject({
      action: "sts:AssumeRole",
    });
  });
});
