import { describe, expect, it } from "vitest";
import {
  carrierOf,
  countSlowAnswers,
  isOutdated,
  secondsLeft,
} from "../../../../lambdas/core/lane/schedule.ts";

describe("a wait", () => {
  it.each([
    ["of a minute is carried by the visibility of the wake-up", 60, 3, false, "visibility"],
    ["of more is left to the sweep", 60.1, 1, false, "sweep"],
    ["of a wake-up that was received three times before is left to the sweep", 1, 4, false, "sweep"],
    ["for a replay's pause is carried by a new wake-up instead", 60, 4, true, "new-wake-up"],
    ["for a longer pause is left to the sweep", 61, 1, true, "sweep"],
  ])("%s", (_, seconds, receives, isPause, carrier) => {
    expect(carrierOf(seconds, { receives, isPause })).toBe(carrier);
  });

  it("that is over takes a second more, so that no wake-up comes back at once", () => {
    const until = "2026-11-23T12:00:00.000Z";
    expect(secondsLeft({ until, carrier: "wake-up" }, Date.parse(until) + 5)).toBe(1);
    expect(secondsLeft({ until, carrier: "wake-up" }, Date.parse(until) - 1001)).toBe(2);
  });
});

describe("a wake-up", () => {
  const lastSelectedAt = "2026-11-23T12:00:00.000Z";
  const selected = Date.parse(lastSelectedAt);

  it("counts when it was sent up to a second before the latest batch was selected: clocks differ", () => {
    expect(isOutdated({ lastSelectedAt }, { receives: 1, sentAt: selected - 1000 })).toBe(false);
    expect(isOutdated({ lastSelectedAt }, { receives: 1, sentAt: selected - 1001 })).toBe(true);
  });

  it("counts when it was received before, or says nothing of when it was sent", () => {
    expect(isOutdated({ lastSelectedAt }, { receives: 2, sentAt: 0 })).toBe(false);
    expect(isOutdated({ lastSelectedAt }, { receives: 1 })).toBe(false);
    expect(isOutdated({}, { receives: 1, sentAt: 0 })).toBe(false);
  });
});

it("answers over three seconds are slow, two of them in a row are counted, and one quick answer ends that", () => {
  expect([3000, 3001].map((durationMs) => countSlowAnswers(0, durationMs))).toEqual([0, 1]);
  expect(countSlowAnswers(2, 9000)).toBe(2);
  expect(countSlowAnswers(2, 10)).toBe(0);
});
