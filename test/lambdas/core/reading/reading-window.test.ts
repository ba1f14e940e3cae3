import { describe, expect, it } from "vitest";
import { windowOf } from "../../../../lambdas/core/reading/reading-window.ts";
import { searchFrom } from "../../../../lambdas/core/journal/find-page-at.ts";
import { workspaceRow } from "../../../helpers/in-memory-stores.ts";

const NOW = Date.parse("2026-11-20T12:00:00.000Z");
const PLANS = { enterprise: { retentionDays: 7, forwarding: true, maxDestinations: 1 } };
const VISIBLE = "2026-11-13T12:00:00.000Z";

describe("the time window of a query", () => {
  const window = (asked: { from?: string; to?: string }) => windowOf(workspaceRow("ws_1"), PLANS, NOW, asked);

  it.each([
    ["no requested start", undefined, VISIBLE],
    ["a start before what is visible", "2026-11-13T11:59:59.999Z", VISIBLE],
    ["a start within what is visible", "2026-11-13T12:00:00.001Z", "2026-11-13T12:00:00.001Z"],
    ["a start in another time zone, before what is visible", "2026-11-13T13:59:59.999+02:00", VISIBLE],
    [
      "a start in another time zone, within what is visible",
      "2026-11-13T11:00:00-02:00",
      "2026-11-13T13:00:00.000Z",
    ],
  ])("starts at the later of the requested start and what is visible: %s", (_what, from, since) => {
    expect(window(from === undefined ? {} : { from })).toEqual({ since, until: undefined });
  });

  it("ends at the requested time, converted to UTC, whether or not that time is visible", () => {
    expect(window({ to: "2026-11-15T02:00:00+02:00" }).until).toBe("2026-11-15T00:00:00.000Z");
    expect(window({ to: "2026-11-01T00:00:00Z" })).toEqual({
      since: VISIBLE,
      until: "2026-11-01T00:00:00.000Z",
    });
  });

  it("is searched from a minute after its start, because concurrent posts may swap places, but never past the last possible time", () => {
    expect(searchFrom(VISIBLE)).toBe("2026-11-13T12:01:00.000Z");
    expect(searchFrom("9999-12-31T23:59:59.999Z")).toBe("9999-12-31T23:59:59.999Z");
  });
});
