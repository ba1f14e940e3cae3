import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AttemptFacts, judgeResponse } from "../../../../lambdas/core/delivery/judge-response.ts";
import {
  DEFAULT_RETRY,
  nextDelaySeconds,
  retrySettingsSchema,
} from "../../../../lambdas/core/delivery/retry-schedule.ts";
import type { SendResult } from "../../../../lambdas/core/delivery/send.ts";
import { answered } from "../../../helpers/in-memory-lanes.ts";

const NOW = Date.parse("2026-11-23T12:00:00.000Z");
const HOUR = 3_600_000;

function judge(result: SendResult, facts: Partial<AttemptFacts> = {}, chance = 0.5) {
  return judgeResponse(
    result,
    { attempt: 1, firstAttemptAt: NOW, now: NOW, count: 10, format: "cloudevents-batch", ...facts },
    DEFAULT_RETRY,
    chance,
  );
}

describe("a status", () => {
  it.each([200, 201, 202, 204, 299])("%i counts as delivered", (statusCode) => {
    expect(judge(answered(statusCode))).toEqual({ kind: "delivered" });
  });

  it.each([301, 302, 307, 308, 304, 400, 404, 500, 502, 100])(
    "%i is retried by the schedule",
    (statusCode) => {
      expect(judge(answered(statusCode))).toEqual({
        kind: "retry",
        delaySeconds: 2.5,
        error: `HTTP ${statusCode}`,
      });
    },
  );

  it("410 suspends the lane at once", () => {
    expect(judge(answered(410))).toEqual({ kind: "suspend", reason: "gone", error: "HTTP 410" });
  });

  it("413 splits a delivery, unless it is a single event", () => {
    expect(judge(answered(413))).toEqual({ kind: "split", error: "HTTP 413" });
    expect(judge(answered(413), { count: 1 })).toMatchObject({ kind: "retry", error: "HTTP 413" });
    expect(judge(answered(413), { count: 1, now: NOW + 72 * HOUR })).toMatchObject({ kind: "suspend" });
  });

  it.each([
    [401, "credentials"],
    [403, "credentials"],
    [415, "format"],
  ])("%i gives the advice: %s", (statusCode, advice) => {
    expect(judge(answered(statusCode))).toMatchObject({ kind: "retry", advice });
  });
});

describe("Retry-After", () => {
  const wait = (retryAfter: string, statusCode = 429) => judge(answered(statusCode, { retryAfter }));

  it.each([429, 503])("with a %i is obeyed", (statusCode) => {
    expect(wait("90", statusCode)).toMatchObject({ kind: "retry", delaySeconds: 90 });
  });

  it.each([
    ["Mon, 23 Nov 2026 12:01:30 GMT", 90],
    ["Monday, 23-Nov-26 12:01:30 GMT", 90],
    ["Mon Nov 23 12:01:30 2026", 90],
    ["0", 1],
    ["Mon, 23 Nov 2026 11:00:00 GMT", 1],
    ["1000000", 43_200],
    ["Tue, 23 Nov 2027 12:00:00 GMT", 43_200],
  ])("%s is %i seconds", (value, delaySeconds) => {
    expect(wait(value)).toMatchObject({ delaySeconds });
  });

  it.each(["soon", "-5", "1.5", "", "2026-11-23", "12:01"])("%j is ignored", (value) => {
    expect(wait(value)).toMatchObject({ delaySeconds: 2.5 });
  });

  it("with any other status is ignored", () => {
    expect(wait("90", 500)).toMatchObject({ delaySeconds: 2.5 });
  });
});

describe("an attempt without a response", () => {
  it.each(["dns", "connect", "tls", "timeout", "reset", "protocol"] as const)(
    "that failed with %s is retried",
    (errorClass) => {
      expect(judge({ kind: "failed", errorClass, durationMs: 1, phases: {} })).toMatchObject({
        kind: "retry",
        error: errorClass,
      });
    },
  );

  it("that the egress guard refused is retried, with the name of the rule", () => {
    expect(judge({ kind: "refused", rule: "no-public-address", durationMs: 1 })).toMatchObject({
      kind: "retry",
      error: "guard:no-public-address",
    });
  });
});

describe("the retry schedule", () => {
  it("waits up to 5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 2 h, 4 h and then 8 h", () => {
    const bounds = Array.from({ length: 11 }, (_, index) => judge(answered(500), { attempt: index + 1 }, 1));
    expect(bounds.map((verdict) => verdict.kind === "retry" && verdict.delaySeconds)).toEqual([
      5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 28_800, 28_800,
    ]);
  });

  it("follows the setting and repeats its last wait", () => {
    const settings = { giveUpAfterHours: 72, schedule: [60, 3_600] };
    const facts = { firstAttemptAt: NOW, now: NOW };
    const waits = [1, 2, 3, 20].map((attempt) => nextDelaySeconds({ ...facts, attempt }, settings, 1));
    expect(waits).toEqual([60, 3_600, 3_600, 3_600]);
  });

  it("has its default with the settings of an older stack, which name no schedule", () => {
    expect(retrySettingsSchema.parse({ giveUpAfterHours: 48 })).toEqual({
      ...DEFAULT_RETRY,
      giveUpAfterHours: 48,
    });
    expect(retrySettingsSchema.safeParse({ schedule: [] }).success).toBe(false);
  });

  it("ends by elapsed time, with a last attempt at its end", () => {
    const late = { attempt: 20, now: NOW + 72 * HOUR - 60_000 };
    expect(judge(answered(500), late, 1)).toMatchObject({ kind: "retry", delaySeconds: 60 });
    expect(judge(answered(500), { attempt: 21, now: NOW + 72 * HOUR })).toEqual({
      kind: "suspend",
      reason: "retries-exhausted",
      error: "HTTP 500",
    });
  });

  it("never ends for a delivered batch, and never waits less than 0 s or more than 12 h", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 599 }),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 0, max: 100 * HOUR }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.option(fc.string(), { nil: undefined }),
        (statusCode, attempt, elapsed, chance, retryAfter) => {
          const result = answered(statusCode, retryAfter === undefined ? {} : { retryAfter });
          const verdict = judge(result, { attempt, now: NOW + elapsed }, chance);
          expect(verdict.kind === "delivered").toBe(statusCode >= 200 && statusCode < 300);
          if (verdict.kind !== "retry") return;
          expect(verdict.delaySeconds).toBeGreaterThanOrEqual(0);
          expect(verdict.delaySeconds).toBeLessThanOrEqual(43_200);
        },
      ),
    );
  });
});
